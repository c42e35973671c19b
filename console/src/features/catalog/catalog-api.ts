import type { IndexConfig } from '#protocol/index-config.ts';
import { callApi } from '../../shared/api.ts';
import { NAME_PAGE_SIZE, NAME_PAGES_MAX } from '../../shared/limits.ts';

interface ProjectPage {
  readonly total: number;
  readonly projects: readonly { readonly projectName: string }[];
}

interface LogstorePage {
  readonly total: number;
  readonly logstores: readonly string[];
}

/** Names of all projects that this session may see, sorted. */
export async function listProjects(signal: AbortSignal): Promise<readonly string[]> {
  return readPages(async (offset) => {
    const parameters = { offset, size: NAME_PAGE_SIZE };
    const { body } = await callApi<ProjectPage>({ path: '/', parameters, signal });
    return { total: body.total, names: body.projects.map((project) => project.projectName) };
  });
}

/** Names of all logstores of a project, sorted. */
export async function listLogstores(
  project: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return readPages(async (offset) => {
    const parameters = { offset, size: NAME_PAGE_SIZE };
    const call = { path: '/logstores', parameters, project, signal };
    const { body } = await callApi<LogstorePage>(call);
    return { total: body.total, names: body.logstores };
  });
}

/** The index of a logstore; throws the server's IndexConfigNotExist when it has none. */
export async function readIndex(
  project: string,
  logstore: string,
  signal: AbortSignal,
): Promise<IndexConfig> {
  const path = `/logstores/${encodeURIComponent(logstore)}/index`;
  return (await callApi<IndexConfig>({ path, project, signal })).body;
}

interface NamePage {
  readonly total: number;
  readonly names: readonly string[];
}

async function readPages(
  readPage: (offset: number) => Promise<NamePage>,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (let page = 0; page < NAME_PAGES_MAX; page += 1) {
    const answer = await readPage(names.length);
    names.push(...answer.names);
    if (answer.names.length === 0 || names.length >= answer.total) break;
  }
  return [...new Set(names)].toSorted((a, b) => a.localeCompare(b, 'en'));
}
