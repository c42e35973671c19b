/**
 * Makes a fresh clone ready, whatever Node started it (20 or newer, plain JavaScript, no dependency):
 * installs the packages when the lock file changed, builds the kernel and the console when their sources changed,
 * and finds the Node 24 that npm installed. Each step is done only when its result is stale.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Prints one progress line: on a terminal's error stream, so that `--json` output stays clean. */
export function progress(text) {
  process.stderr.write(`sluice: ${text}\n`);
}

export function fail(text) {
  process.stderr.write(`sluice: ${text}\n`);
  process.exit(1);
}

/** Installs the packages unless `node_modules` already holds this lock file's. */
export function ensureInstalled() {
  const wanted = hashOf(['package-lock.json', 'package.json']);
  const stamp = join(ROOT, 'node_modules', '.sluice-installed');
  if (readStamp(stamp) === wanted) return;
  progress('installing packages (npm ci)');
  const started = Date.now();
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) fail('npm ci failed; its output above says why');
  writeFileSync(stamp, wanted);
  progress(`installed in ${seconds(started)}`);
}

/** Builds the console unless `dist/console` was built from these sources. */
export function ensureConsoleBuilt() {
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  buildIfStale(
    'console',
    ['console', 'src/base', 'src/protocol', 'src/querylang', 'package-lock.json'],
    () => [vite, 'build', 'console', '--logLevel', 'warn'],
  );
}

/** Compiles `src/kernel/assembly` to `dist/kernel.wasm` unless that was made from these sources. */
export function ensureKernelBuilt() {
  const folder = 'src/kernel/assembly';
  const asc = join(ROOT, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  const flags = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
  const out = ['--outFile', join(ROOT, 'dist', 'kernel.wasm'), '--use', 'abort='];
  buildIfStale('kernel', [folder, 'package-lock.json', 'scripts/bootstrap.mjs'], () => {
    const sources = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.ts'));
    return [asc, ...sources.sort().map((name) => join(folder, name)), ...flags, ...out];
  });
}

/** Runs Node with `args()` unless `dist/<name>.stamp` says that it was done with these sources. */
function buildIfStale(name, sources, args) {
  const wanted = hashOf(sources);
  const stamp = join(ROOT, 'dist', `${name}.stamp`);
  if (readStamp(stamp) === wanted) return;
  progress(`building the ${name}`);
  const started = Date.now();
  const result = spawnSync(findNode(), args(), { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail(`the ${name} cannot be built; the output above says why`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  progress(`built in ${seconds(started)}`);
}

/** Path of a Node that runs our TypeScript: npm's runtime package, else the Node that runs this. */
export function findNode() {
  const bundled = join(
    ROOT,
    'node_modules',
    `node-${process.platform}-${process.arch}`,
    'bin',
    'node',
  );
  if (existsSync(bundled)) return bundled;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail(
    `Node 24 or newer is needed and npm has no runtime package for ${process.platform}-${process.arch}; ` +
      `install Node 24 and start again (this is ${process.version})`,
  );
}

/** The environment of child processes: Node 24 and the packages' tools first on the PATH. */
export function childEnvironment() {
  const path = [dirname(findNode()), join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? ''];
  return { ...process.env, PATH: path.join(delimiter) };
}

/**
 * Settings of glibc's allocator: blocks of 256 KiB and more go back to the system when they are freed. Buffers come and
 * go on many threads here, and an arena for each of them kept a third of a busy server's memory for nothing.
 */
const ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '262144',
  MALLOC_TRIM_THRESHOLD_: '262144',
};

/** Signals that a child is sent when we get them. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs Node 24 in the foreground, hands signals on, and ends as the child ends. The child ends with us, and we with
 * npm when npm started us, even when they are killed outright. `directory` is where the child finds itself.
 */
export function runNode(args, directory = ROOT) {
  const env = { ...ALLOCATOR, ...childEnvironment(), SLUICE_EXIT_WITH_PARENT: '1' };
  const child = spawn(findNode(), args, { cwd: directory, stdio: 'inherit', env });
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined)
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  for (const signal of FORWARDED) {
    // A terminal sends Ctrl-C to the whole group, so the child has it already.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot start: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal !== null && !FORWARDED.includes(signal)) progress(`ended by ${signal}`);
    process.exit(code ?? (signal === null ? 1 : 128));
  });
}

/** Runs a tool to its end; true when it succeeded. */
export function runTool(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: childEnvironment(),
    ...options,
  });
  return result.status === 0;
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** A hash over names and contents of files and folders. */
function hashOf(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const full = join(ROOT, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) visit(join(path, name));
      return;
    }
    if (path.includes('.test.')) return;
    hash.update(path).update('\0').update(readFileSync(full)).update('\0');
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}
