/** The app of docs/clients.md, in a project as `npm create vite` makes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProject, type Project, root } from './project.ts';

export const page = readFileSync(join(root, 'docs/clients.md'), 'utf8');

/** The section that shows the whole app. */
const guide = page.slice(page.indexOf('\n## A chat app in React'), page.indexOf('\n## Rules for every client'));

/** Programs in TypeScript, each under the path that its first line has as a comment. */
export function filesOf(text: string): Record<string, string> {
  const blocks = [...text.matchAll(/^```tsx?\n([\s\S]*?)^```/gm)].map(([, code]) => code as string);
  return Object.fromEntries(
    blocks.map((code) => {
      const path = /^\/\/ ([\w./-]+\.tsx?)\n/.exec(code)?.[1];
      if (path === undefined) throw new Error(`a program does not begin with its path: ${code}`);
      return [path, code];
    }),
  );
}

/** All programs of the page, with all modules of the examples. */
export function createSamples(): Project {
  const project = createProject();
  project.copy('examples/clients', 'src/heliograph');
  project.copy('schema/published/introspection.min.json', 'src/introspection.min.json');
  project.write(filesOf(page.replace(guide, '')));
  return project;
}

/** As Vite's template has it. */
const main = `import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import App from './App.tsx'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
`;

const html = `<!doctype html>
<html lang="en">
  <head><meta charset="UTF-8" /><title>chat</title></head>
  <body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body>
</html>
`;

/** Copies what the page says, and generates the types. */
export async function createChatApp(): Promise<Project> {
  const project = createProject();
  project.copy('examples/clients', 'src/heliograph');
  for (const name of ['relay', 'urql', 'graphcache']) project.remove(`src/heliograph/${name}.ts`);
  project.write({ 'package.json': { type: 'module' }, 'index.html': html, 'src/main.tsx': main, ...filesOf(guide) });
  const { code, text } = await project.run('graphql-codegen');
  if (code !== 0) throw new Error(text);
  return project;
}
