import { useCallback, useEffect } from 'react';
import type { ReactElement } from 'react';
import { listLogstores, listProjects } from '../features/catalog/catalog-api.ts';
import { CatalogPickers } from '../features/catalog/catalog-pickers.tsx';
import { CatalogStart } from '../features/catalog/catalog-start.tsx';
import type { Session } from '../features/session/session-api.ts';
import { isSignedOut } from '../shared/api.ts';
import { Icon } from '../shared/icon.tsx';
import { Logo } from '../shared/logo.tsx';
import { useLoaded } from '../shared/use-loaded.ts';
import { SearchPage } from './search-page.tsx';
import { TailPage } from './tail-page.tsx';
import { useConsoleLocation } from './use-console-location.ts';
import type { Navigate } from './use-console-location.ts';

interface ConsoleProps {
  readonly session: Session;
  /** The user wants to leave. */
  readonly onLeave: () => void;
  /** The server no longer knows the session. */
  readonly onSignedOut: () => void;
}

export function Console({ session, onLeave, onSignedOut }: ConsoleProps): ReactElement {
  const [location, navigate] = useConsoleLocation();
  const { project, logstore } = location;
  const projects = useLoaded('projects', listProjects);
  const logstores = useLoaded(project, async (signal) => listLogstores(project ?? '', signal));
  const onError = useCallback(
    (error: unknown) => {
      if (isSignedOut(error)) onSignedOut();
    },
    [onSignedOut],
  );
  useEffect(
    () => onError(projects.error ?? logstores.error),
    [projects.error, logstores.error, onError],
  );
  useOnlyChoice(location.project, projects.value, (name) => navigate({ project: name }, 'replace'));
  useOnlyChoice(project === undefined ? '' : logstore, logstores.value, (name) =>
    navigate({ logstore: name }, 'replace'),
  );
  useTitle(project, logstore);

  const onProject = (name: string): void => navigate(placeChange(name, undefined));
  const onLogstore = (name: string): void => navigate(placeChange(project, name));
  const LogstorePage = location.mode === 'tail' ? TailPage : SearchPage;
  return (
    <div className="console">
      <header className="top-bar">
        <HomeLink navigate={navigate} />
        <CatalogPickers
          project={project}
          logstore={logstore}
          projects={projects.value ?? []}
          logstores={logstores.value ?? []}
          onProject={onProject}
          onLogstore={onLogstore}
        />
        <span className="spacer" />
        <span className="mono muted" title="The access key of this session">
          {session.accessKeyId}
        </span>
        <button type="button" className="button quiet" onClick={onLeave}>
          <Icon name="signOut" /> Sign out
        </button>
      </header>
      {project === undefined || logstore === undefined ? (
        <main className="console-main">
          <CatalogStart
            project={project}
            projects={projects}
            logstores={logstores}
            onProject={onProject}
            onLogstore={onLogstore}
          />
        </main>
      ) : (
        <LogstorePage
          key={`${project}/${logstore}`}
          place={{ project, logstore }}
          location={location}
          navigate={navigate}
          onError={onError}
        />
      )}
    </div>
  );
}

/** Another place has other fields: the query and the columns start anew, the time range stays. */
function placeChange(project: string | undefined, logstore: string | undefined): Change {
  return { project, logstore, query: '', columns: [], chart: 'auto' };
}

type Change = Parameters<Navigate>[0];

function HomeLink({ navigate }: { readonly navigate: Navigate }): ReactElement {
  return (
    <a
      className="home-link"
      href="/console/"
      aria-label="Sluice: choose a project"
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        navigate(placeChange(undefined, undefined));
      }}
    >
      <Logo />
      <span>Sluice</span>
    </a>
  );
}

/** Takes the choice that there is only one of, once; whoever goes back to the list sees it. */
function useOnlyChoice(
  chosen: string | undefined,
  names: readonly string[] | undefined,
  choose: (name: string) => void,
): void {
  const only = names?.length === 1 ? names[0] : undefined;
  useEffect(() => {
    if (chosen === undefined && only !== undefined) choose(only);
    // Only the arrival of the names chooses, not the user's way back.
  }, [only]);
}

function useTitle(project: string | undefined, logstore: string | undefined): void {
  useEffect(() => {
    const place = [logstore, project].filter((name) => name !== undefined);
    document.title = [...place, 'Sluice'].join(' · ');
  }, [project, logstore]);
}
