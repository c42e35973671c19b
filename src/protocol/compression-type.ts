/** How a body or a stored payload is compressed; the names are those of `x-log-compresstype`. */
export type CompressionType = 'none' | 'lz4' | 'deflate' | 'zstd' | 'gzip';
