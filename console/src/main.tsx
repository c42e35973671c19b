import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { must } from '#base/assert.ts';
import { App } from './app/app.tsx';
import './shared/base.css';
import './shared/controls.css';

const root = must(document.getElementById('root'), 'the page has a root element');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
