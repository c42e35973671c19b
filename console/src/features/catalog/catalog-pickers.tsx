import type { ReactElement } from 'react';
import { Picker } from '../../shared/picker.tsx';

interface CatalogPickersProps {
  readonly project: string | undefined;
  readonly logstore: string | undefined;
  readonly projects: readonly string[];
  readonly logstores: readonly string[];
  readonly onProject: (project: string) => void;
  readonly onLogstore: (logstore: string) => void;
}

export function CatalogPickers(props: CatalogPickersProps): ReactElement {
  return (
    <nav className="catalog-pickers" aria-label="Where to search">
      <Picker
        label="Project"
        value={props.project}
        options={props.projects}
        emptyText="There is no project yet."
        onChoose={props.onProject}
      />
      <span className="muted" aria-hidden="true">
        /
      </span>
      <Picker
        label="Logstore"
        value={props.logstore}
        options={props.logstores}
        emptyText="This project has no logstore yet."
        disabled={props.project === undefined}
        onChoose={props.onLogstore}
      />
    </nav>
  );
}
