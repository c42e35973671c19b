import { Fragment } from 'react';
import type { ReactElement } from 'react';
import { previewOf } from './highlight.ts';
import type { Highlighter } from './highlight.ts';
import { VALUE_PREVIEW_CHARS } from './limits.ts';
import type { LogRow } from './log-types.ts';
import { ownFields } from './row-fields.ts';
import { ValueText } from './value-text.tsx';
import './raw-fields.css';

/** The log's own fields one after the other, long values cut. */
export function RawFields(props: {
  readonly row: LogRow;
  readonly highlight: Highlighter;
}): ReactElement {
  return (
    <div className="raw-fields">
      {ownFields(props.row).map(([name, value]) => (
        // The blank between two fields is where a line breaks.
        <Fragment key={name}>
          <span className="raw-field">
            <span className="raw-key">{name}</span>
            <span className="raw-value">
              <ValueText
                field={name}
                value={previewOf(value, VALUE_PREVIEW_CHARS)}
                highlight={props.highlight}
              />
            </span>
          </span>{' '}
        </Fragment>
      ))}
    </div>
  );
}
