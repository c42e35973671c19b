import type { ReactElement } from 'react';

/** Three waves: water let through a gate. */
export function Logo(): ReactElement {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <rect className="logo-ground" width="32" height="32" rx="7" />
      <path d="M6 11c3.3-3 6.7-3 10 0s6.7 3 10 0M6 17c3.3-3 6.7-3 10 0s6.7 3 10 0M6 23c3.3-3 6.7-3 10 0s6.7 3 10 0" />
    </svg>
  );
}
