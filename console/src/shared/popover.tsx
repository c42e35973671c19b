import { useEffect, useId, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, ReactNode } from 'react';

interface PopoverProps {
  /** Says what the button opens, for screen readers; the visible label may be shorter. */
  readonly label: string;
  readonly button: ReactNode;
  readonly buttonClass?: string;
  readonly align?: 'start' | 'end';
  readonly disabled?: boolean;
  /** The panel's content; it calls `close` once its job is done. */
  readonly children: (close: () => void) => ReactNode;
}

/** A button that opens a panel under itself. Escape and a press elsewhere close it; focus goes back to the button. */
export function Popover(props: PopoverProps): ReactElement {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panelId = useId();

  useEffect(() => {
    if (!open) return undefined;
    const onPointerDown = (event: PointerEvent): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) {
        setOpen(false);
      }
    };
    document.addEventListener('pointerdown', onPointerDown, true);
    return () => document.removeEventListener('pointerdown', onPointerDown, true);
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !open) return;
    event.stopPropagation();
    close();
  };
  return (
    <div className="popover" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className={props.buttonClass ?? 'button'}
        aria-label={props.label}
        title={props.label}
        aria-expanded={open}
        aria-controls={open ? panelId : undefined}
        disabled={props.disabled ?? false}
        onClick={() => setOpen(!open)}
      >
        {props.button}
      </button>
      {open && (
        <div id={panelId} className={`popover-panel popover-${props.align ?? 'start'}`}>
          {props.children(close)}
        </div>
      )}
    </div>
  );
}
