/**
 * Puts text on the clipboard; false when the browser refuses. The asynchronous API exists only on https and localhost, and
 * a log server in a company network is often plain http, so the old way is the fallback.
 */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused by a permission: the old way may still work.
    }
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  // Deprecated, and the only way there is without a secure context.
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}

/** Offers text as a file to save. */
export function downloadText(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the data once it started.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
