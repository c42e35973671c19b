import { memo } from 'react';
import type { ReactElement } from 'react';
import type { Highlighter } from './highlight.ts';

interface ValueTextProps {
  readonly field: string;
  readonly value: string;
  readonly highlight: Highlighter;
}

/** A value with the hits of the search marked. The text is whatever was logged: it only ever becomes text nodes. */
export const ValueText = memo(function ValueText(props: ValueTextProps): ReactElement {
  const pieces = props.highlight(props.field, props.value);
  return (
    <>
      {pieces.map((piece, index) =>
        // The pieces of one text have no identity but their place.
        piece.marked ? <mark key={index}>{piece.text}</mark> : piece.text,
      )}
    </>
  );
});
