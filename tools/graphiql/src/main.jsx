import { useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { Bar } from './bar.jsx';
import { examples } from './examples.js';
import { fetcher } from './fetcher.js';
import { onTabChange, setRun } from './streams.js';

/** Inside of GraphiQL, where its actions can be had. */
function ContinueStreams() {
  const { run } = useGraphiQLActions();
  useEffect(() => setRun(run), [run]);
  return null;
}

createRoot(document.getElementById('root')).render(
  <>
    <Bar />
    <main>
      <GraphiQL
        fetcher={fetcher}
        defaultTabs={examples}
        defaultEditorToolsVisibility="variables"
        onTabChange={onTabChange}
        shouldPersistHeaders={false}
        // What a tab has in its editors is its own, as its user is: shared, two tabs would mix theirs up in the next one.
        storage={sessionStorage}
      >
        <GraphiQL.Footer>
          <ContinueStreams />
        </GraphiQL.Footer>
      </GraphiQL>
    </main>
  </>,
);
