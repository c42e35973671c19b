/**
 * The BlobStore port: immutable files. Implementations: `directory/`; later an S3 bucket with a local
 * read cache. All pass `blob-store.contract.ts`.
 *
 * Keys: slash-separated parts of `A–Z a–z 0–9 _ - .`, no empty, `.` or `..` part, at most 512 characters.
 */
export interface BlobStore {
  /**
   * Stores the content of a local file under the key and takes the file away (moved or copied). Atomic,
   * and durable when it resolves. Storing a key again replaces it; callers only do so with equal bytes.
   */
  putFile(key: string, localPath: string): Promise<void>;
  /** `length` bytes at `offset`, fewer at the end of the blob. Errors: BlobNotExist. */
  read(key: string, offset: number, length: number): Promise<Uint8Array>;
  /** Size in bytes, or undefined when there is no such blob. */
  size(key: string): Promise<number | undefined>;
  /** A local file with the blob's bytes, kept until disposed (for engines that read files themselves). */
  openLocal(key: string): Promise<LocalBlob>;
  /** Nothing happens when the blob is not there. */
  delete(key: string): Promise<void>;
  /** Keys that start with the prefix, sorted, strictly after `after`, at most `limit`. */
  list(
    prefix: string,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface LocalBlob extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
}
