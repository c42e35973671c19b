import { callApi, isSignedOut } from '../../shared/api.ts';

export interface Session {
  readonly accessKeyId: string;
}

const PATH = '/console/api/session';

/** The session that the browser's cookie stands for; undefined when there is none. */
export async function readSession(signal: AbortSignal): Promise<Session | undefined> {
  try {
    return (await callApi<Session>({ path: PATH, signal })).body;
  } catch (error) {
    if (isSignedOut(error)) return undefined;
    throw error;
  }
}

/** Signs in; the server answers with a cookie that scripts cannot read. The secret is not kept. */
export async function signIn(accessKeyId: string, accessKeySecret: string): Promise<Session> {
  await callApi<unknown>({ method: 'POST', path: PATH, body: { accessKeyId, accessKeySecret } });
  return { accessKeyId };
}

export async function signOut(): Promise<void> {
  await callApi<unknown>({ method: 'DELETE', path: PATH });
}
