/** Starts the agent inside a test, with short waits, over a folder of its own. */
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '#base/app-error.ts';
import { AccessKeys } from '#logtail/access-keys.ts';
import { LogtailAgent } from '#logtail/agent.ts';
import { parseLogtailConfig, type LogtailConfig } from '#logtail/logtail-config.ts';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { RealRandom } from '#platform/real-random.ts';
import { createLogger } from '#telemetry/logger.ts';
import { LogtailPeer, PEER_KEY } from './logtail-peer.ts';

export const SHORT_WAITS = {
  lingerMs: 10,
  flushTimeoutMs: 400,
  discoverMs: 100,
  pollMs: 20,
  checkpointMs: 20,
  requestTimeoutMs: 1000,
  stopMs: 3000,
};

export interface Bench {
  readonly directory: string;
  readonly logs: string;
  readonly state: string;
  readonly peer: LogtailPeer;
  /** The configuration as an object, before it is parsed. */
  config(overrides?: {
    input?: Record<string, unknown>;
    limits?: Record<string, unknown>;
    root?: Record<string, unknown>;
  }): Record<string, unknown>;
  /** Starts an agent and resolves at once. */
  start(config?: Record<string, unknown>): LogtailAgent;
  end(): Promise<void>;
}

export async function makeBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-logtail-'));
  const logs = join(directory, 'logs');
  const state = join(directory, 'state');
  await mkdir(logs);
  const peer = new LogtailPeer();
  await peer.start();
  const agents: LogtailAgent[] = [];
  const broken: unknown[] = [];
  const config: Bench['config'] = (overrides = {}) => ({
    endpoint: peer.endpoint,
    ...PEER_KEY,
    stateDirectory: state,
    inputs: [
      {
        name: 'test',
        paths: [join(logs, '**/*.log')],
        project: 'test-project',
        logstore: 'lines',
        ...overrides.input,
      },
    ],
    limits: { ...SHORT_WAITS, ...overrides.limits },
    ...overrides.root,
  });
  return {
    directory,
    logs,
    state,
    peer,
    config,
    start(raw = config()) {
      const parsed: LogtailConfig = parseLogtailConfig(JSON.stringify(raw));
      const agent = new LogtailAgent(parsed, {
        keys: new AccessKeys({ key: PEER_KEY, file: parsed.accessKeyFile }),
        clock: new RealClock(),
        random: new RealRandom(),
        files: new RealFiles(),
        logger: createLogger({ level: 'fatal' }),
        hostname: 'test-host',
        source: '10.0.0.1',
      });
      agents.push(agent);
      agent.run().catch((error: unknown) => {
        if (errorCode(error) !== 'StateInUse') broken.push(error);
      });
      return agent;
    },
    async end() {
      await Promise.all(agents.map((agent) => agent.stop()));
      await peer.stop();
      await rm(directory, { recursive: true, force: true });
      if (broken.length > 0) throw broken[0];
    },
  };
}

/** Waits until the value is there, then a little longer so that what must not come has a chance to come. */
export async function until(
  test: () => boolean,
  options: { readonly what: string; readonly ms?: number; readonly graceMs?: number },
): Promise<void> {
  const end = Date.now() + (options.ms ?? 15_000);
  while (!test()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${options.what}`);
    await sleep(10);
  }
  await sleep(options.graceMs ?? 150);
}

/** `count` numbered lines of one writer. */
export function numbered(writer: string, from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return `${writer}-${number}-${(Math.imul(number, 2654435761) >>> 0).toString(16)} some text of the line`;
  });
}
