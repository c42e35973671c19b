/** Lines of syslog: `Mar  2 08:00:00 host program[pid]: message`, as one field `content`. */
import { FieldKey } from './group-writer.ts';
import { TimeTexts, type LogKind, type LogMoment, type LogNotes } from './log-kind.ts';
import { RecentPicks, ZipfWords, type CorpusRandom } from './random.ts';
import { ADDRESSES, COMMON_WORD, COMMON_WORD_SHARE, NOUNS, USERS } from './vocabulary.ts';

const CONTENT = new FieldKey('content');

type Make = (random: CorpusRandom, address: string, pid: number) => string;

const port = (random: CorpusRandom): number => random.between(1024, 65_535);
const noun = (random: CorpusRandom): string => NOUNS[random.skewed(NOUNS.length)]!;

/** Messages, the common ones first. */
const MESSAGES: ZipfWords<Make> = new ZipfWords<Make>([
  (r, address, pid) =>
    `sshd[${pid}]: Failed password for invalid user ${noun(r)} from ${address} port ${port(r)} ssh2`,
  (r, address) =>
    `kernel: [${820_000 + r.below(600)}.${r.between(100_000, 999_999)}] [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:${(r.bits() & 255).toString(16)}:1a:08 SRC=${address} DST=10.0.${r.below(8)}.${r.below(250)} LEN=${r.between(40, 1500)} TTL=${r.between(30, 250)} ID=${r.below(65_536)} PROTO=TCP SPT=${port(r)} DPT=${r.skewed(9000)}`,
  (r, _address, pid) =>
    `CRON[${pid}]: (root) CMD (/usr/local/bin/${noun(r)}-${noun(r)}.sh >/dev/null 2>&1)`,
  (r) => `systemd[1]: Started Session ${r.below(90_000)} of user ${USERS.pick(r)}.`,
  (r, address, pid) =>
    `sshd[${pid}]: Accepted publickey for ${USERS.pick(r)} from ${address} port ${port(r)} ssh2: ED25519 SHA256:${r.hex(40)}`,
  (r, address, pid) =>
    `sshd[${pid}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${address} user=${USERS.pick(r)}`,
  (r) =>
    `systemd[1]: ${noun(r)}-${noun(r)}.service: Succeeded after ${r.skewed(90_000)}ms CPU time.`,
  (r, _address, pid) =>
    `dhclient[${pid}]: DHCPACK of 10.${r.below(16)}.${r.below(256)}.${r.below(256)} from 10.0.0.1 (xid=0x${r.hex(8)})`,
  (r, _address, pid) =>
    `sudo[${pid}]: ${USERS.pick(r)} : TTY=pts/${r.below(9)} ; PWD=/home/${noun(r)} ; USER=root ; COMMAND=/usr/bin/systemctl restart ${noun(r)}`,
  (r) =>
    `kernel: [${820_000 + r.below(600)}.${r.between(100_000, 999_999)}] EXT4-fs (vd${r.pick(['a', 'b', 'c'])}${r.between(1, 5)}): mounted filesystem with ordered data mode. Opts: (null)`,
  (r, address, pid) =>
    `postfix/smtpd[${pid}]: ${r.hex(8).toUpperCase()}: client=${noun(r)}.example.com[${address}]`,
  (r, _address, pid) =>
    `containerd[${pid}]: time="${r.below(60)}s" level=info msg="shim disconnected" id=${r.hex(64)}`,
]);

export class SyslogLogs implements LogKind {
  readonly name = 'syslog';
  readonly path = '/var/log/syslog';
  readonly hasText = true;
  readonly #times = new TimeTexts();
  /** Who tries passwords tries many. */
  readonly #addresses = new RecentPicks<string>({ windowSize: 50, repeatShare: 0.9 });
  /** A process writes many lines. */
  readonly #pids = new RecentPicks<number>({ windowSize: 60, repeatShare: 0.85 });

  write(random: CorpusRandom, moment: LogMoment, notes: LogNotes): void {
    const isCommon = random.chance(COMMON_WORD_SHARE);
    const address = this.#addresses.pick(random, (r) => ADDRESSES.pick(r));
    const pid = this.#pids.pick(random, (r) => r.between(300, 4_000_000));
    let message = MESSAGES.pick(random)(random, address, pid);
    if (isCommon) {
      message = `${COMMON_WORD}d[${pid}]: ${COMMON_WORD} worker ${random.below(64)} took ${random.skewed(5000)} ms for ${USERS.pick(random)}`;
      notes.common();
    } else if (random.chance(0.05)) {
      const invocation = random.hex(32);
      message = `systemd[1]: ${noun(random)}.service: invocation ${invocation} started`;
      notes.unique(invocation);
    }
    const line = `${this.#times.syslog(moment.time)} ${moment.host} ${message}`;
    notes.sink.beginLog(moment.time);
    notes.sink.field(CONTENT, line);
    notes.sink.endLog();
    notes.text(line.length + 1);
  }
}
