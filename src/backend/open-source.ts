/** Files of this machine as what readers of segments read. */
import type { ByteSource } from '#parquet/byte-source.ts';
import type { Files } from '#platform/files.ts';

/** The file stays open until the stack is disposed. Errors: those of opening it. */
export async function openSource(
  files: Files,
  path: string,
  opened: AsyncDisposableStack,
): Promise<ByteSource> {
  const handle = opened.adopt(await files.open(path, 'read'), (one) => one.close());
  return {
    sizeBytes: await handle.size(),
    read: async (offset, length) => {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, await handle.read(buffer, offset));
    },
  };
}
