import type { ReactElement } from 'react';
import { errorView } from '../../shared/api.ts';
import { ErrorNote } from '../../shared/error-note.tsx';
import { Icon } from '../../shared/icon.tsx';
import type { Loaded } from '../../shared/use-loaded.ts';
import './catalog.css';

interface CatalogStartProps {
  readonly project: string | undefined;
  readonly projects: Loaded<readonly string[]>;
  readonly logstores: Loaded<readonly string[]>;
  readonly onProject: (project: string) => void;
  readonly onLogstore: (logstore: string) => void;
}

/** Shown until a logstore is chosen: what there is to choose from, or how to make one. */
export function CatalogStart(props: CatalogStartProps): ReactElement {
  const { project } = props;
  if (project === undefined) {
    return (
      <NameChoice
        title="Choose a project"
        loaded={props.projects}
        onChoose={props.onProject}
        emptyTitle="No project yet"
        emptyText="Create one with any SLS SDK (CreateProject) or the sluice command; it appears here
          as soon as you look again."
      />
    );
  }
  return (
    <NameChoice
      title={`Choose a logstore of ${project}`}
      loaded={props.logstores}
      onChoose={props.onLogstore}
      emptyTitle={`No logstore in ${project} yet`}
      emptyText="Create one with any SLS SDK (CreateLogStore, then CreateIndex so that it can be
        searched) or the sluice command, and send logs to it."
    />
  );
}

interface NameChoiceProps {
  readonly title: string;
  readonly loaded: Loaded<readonly string[]>;
  readonly onChoose: (name: string) => void;
  readonly emptyTitle: string;
  readonly emptyText: string;
}

function NameChoice(props: NameChoiceProps): ReactElement {
  const { loaded } = props;
  const names = loaded.value;
  const isEmpty = names !== undefined && names.length === 0;
  return (
    <section className="start" aria-busy={loaded.busy}>
      <h1>{isEmpty ? props.emptyTitle : props.title}</h1>
      {loaded.error !== undefined && (
        <ErrorNote error={errorView(loaded.error)} onRetry={loaded.reload} />
      )}
      {loaded.busy && <p className="muted">Loading…</p>}
      {isEmpty && (
        <>
          <p className="muted">{props.emptyText}</p>
          <button type="button" className="button" onClick={loaded.reload}>
            <Icon name="refresh" /> Look again
          </button>
        </>
      )}
      {names !== undefined && names.length > 0 && (
        <ul className="start-names">
          {names.map((name) => (
            <li key={name}>
              <button type="button" className="start-name" onClick={() => props.onChoose(name)}>
                <Icon name="database" />
                <span>{name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
