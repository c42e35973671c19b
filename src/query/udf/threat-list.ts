/**
 * Addresses, domains and URLs that are known to be dangerous, from a text file: one entry a line, an IP address or a network
 * (`10.0.0.0/8`), a domain (which stands for those below it, too), or a URL with its scheme. Lines that begin with `#` and
 * empty ones do not count.
 */
import { LOOKUP_ENTRIES_MAX } from '../limits.ts';
import { NetworkSet, parseIp } from './networks.ts';

export class ThreatList {
  readonly #networks = new NetworkSet();
  readonly #domains = new Set<string>();
  readonly #urls = new Set<string>();

  /** UTF-8. Errors: Error with the line of the first entry that is none. */
  constructor(bytes: Buffer) {
    const lines = bytes.toString('utf8').split('\n');
    if (lines.length > LOOKUP_ENTRIES_MAX)
      throw new Error(`it has more than ${LOOKUP_ENTRIES_MAX} lines`);
    for (const [i, line] of lines.entries()) {
      const entry = line.trim();
      if (entry === '' || entry.startsWith('#') || this.#add(entry)) continue;
      throw new Error(`line ${i + 1} is no address, network, domain or url`);
    }
  }

  hasIp(text: string): boolean {
    const address = parseIp(text);
    return address !== undefined && this.#networks.has(address);
  }

  /** The domain itself or one above it. */
  hasDomain(text: string): boolean {
    const labels = domainOf(text).split('.');
    return labels.some((_label, i) => this.#domains.has(labels.slice(i).join('.')));
  }

  hasUrl(text: string): boolean {
    const url = urlOf(text);
    return url !== undefined && this.#urls.has(url);
  }

  #add(entry: string): boolean {
    if (this.#networks.add(entry)) return true;
    const url = urlOf(entry);
    if (url !== undefined) this.#urls.add(url);
    else if (/^[^\s/:]+$/u.test(entry)) this.#domains.add(domainOf(entry));
    else return false;
    return true;
  }
}

/** Longer names do not exist (RFC 1035). */
const DOMAIN_CHARS_MAX = 255;

function domainOf(text: string): string {
  return text.slice(0, DOMAIN_CHARS_MAX).trim().toLowerCase().replace(/\.$/, '');
}

/** In one spelling, without what follows `#`; undefined without a scheme. */
function urlOf(text: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null) return undefined;
  url.hash = '';
  return url.href;
}
