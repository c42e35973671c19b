import { useId, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';

interface PickerProps {
  /** What is chosen, such as "Project". */
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[];
  readonly emptyText: string;
  readonly disabled?: boolean;
  readonly onChoose: (value: string) => void;
}

/** Options drawn at once; typing narrows the rest. */
const OPTIONS_SHOWN_MAX = 200;

/** One choice out of many names, found by typing. */
export function Picker(props: PickerProps): ReactElement {
  const { label, value } = props;
  return (
    <Popover
      label={`${label}: ${value ?? 'none chosen'}`}
      buttonClass="picker-button"
      disabled={props.disabled ?? false}
      button={
        <>
          <span className="picker-label">{label}</span>
          <span className="picker-value">{value ?? 'choose…'}</span>
          <Icon name="chevron" />
        </>
      }
    >
      {(close) => <PickerPanel {...props} close={close} />}
    </Popover>
  );
}

function PickerPanel(props: PickerProps & { readonly close: () => void }): ReactElement {
  const [filter, setFilter] = useState('');
  const [active, setActive] = useState(0);
  const listId = useId();
  const wanted = filter.trim().toLowerCase();
  const matching = props.options.filter((option) => option.toLowerCase().includes(wanted));
  const shown = matching.slice(0, OPTIONS_SHOWN_MAX);

  const choose = (option: string | undefined): void => {
    if (option === undefined) return;
    props.onChoose(option);
    props.close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault();
      choose(shown[active]);
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setActive(Math.min(Math.max(0, active + step), Math.max(0, shown.length - 1)));
    }
  };
  return (
    <div className="picker-panel" onKeyDown={onKeyDown}>
      <input
        className="input"
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={shown[active] === undefined ? undefined : `${listId}-${active}`}
        aria-label={`Find a ${props.label.toLowerCase()}`}
        placeholder={`Find a ${props.label.toLowerCase()}…`}
        value={filter}
        onChange={(event) => {
          setFilter(event.target.value);
          setActive(0);
        }}
      />
      <ul id={listId} role="listbox" aria-label={props.label} className="picker-list">
        {shown.map((option, index) => (
          <li
            key={option}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={option === props.value}
            className={index === active ? 'picker-option active' : 'picker-option'}
            onPointerMove={() => setActive(index)}
            onClick={() => choose(option)}
          >
            <span>{option}</span>
            {option === props.value && <Icon name="check" />}
          </li>
        ))}
      </ul>
      {shown.length === 0 && (
        <p className="picker-note">{props.options.length === 0 ? props.emptyText : 'No match.'}</p>
      )}
      {matching.length > shown.length && (
        <p className="picker-note">{matching.length - shown.length} more: type to narrow.</p>
      )}
    </div>
  );
}
