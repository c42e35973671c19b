/** `npm run bench -- <scenario> [--json] [--seconds N]`: runs one scenario against the real server. */
import { parseArgs } from 'node:util';
import { describeRun, formatTable, type BenchOptions, type BenchResult } from './report.ts';
import { benchPut } from './scenarios/put.ts';

const SCENARIOS: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult>>> = {
  put: benchPut,
};

const HELP = `Usage: npm run bench -- <scenario> [options]

Scenarios
  put        durable PutLogs over HTTP with 1 and with 16 clients

Options
  --seconds N   length of each measured phase (default 10)
  --seed N      seed of the generated logs (default 1)
  --json        one JSON object {scenario, commit, machine, metrics} instead of the table
  --help        this text
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const scenario = SCENARIOS[positionals[0] ?? ''];
if (values.help || scenario === undefined) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}
const report = describeRun(
  await scenario({
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    progress: (text) => process.stderr.write(`bench: ${text}\n`),
  }),
);
process.stdout.write(`${values.json ? JSON.stringify(report) : formatTable(report)}\n`);
