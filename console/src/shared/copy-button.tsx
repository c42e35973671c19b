import { useState } from 'react';
import type { ReactElement } from 'react';
import { copyText } from './clipboard.ts';
import { Icon } from './icon.tsx';

interface CopyButtonProps {
  readonly label: string;
  /** Made when it is wanted. */
  readonly text: () => string;
}

/** Puts a text on the clipboard and says whether the browser let it. */
export function CopyButton({ label, text }: CopyButtonProps): ReactElement {
  const [outcome, setOutcome] = useState<'copied' | 'refused'>();
  const copy = async (): Promise<void> => {
    setOutcome((await copyText(text())) ? 'copied' : 'refused');
  };
  return (
    <button type="button" className="button small" onClick={() => void copy()}>
      <Icon name={outcome === 'copied' ? 'check' : 'copy'} />
      <span aria-live="polite">
        {outcome === 'copied' && 'Copied'}
        {outcome === 'refused' && 'The browser refused'}
        {outcome === undefined && label}
      </span>
    </button>
  );
}
