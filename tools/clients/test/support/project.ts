/** A client's project in a temporary folder, with the packages of this folder and the published schema. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../../../../test/support/free-port.ts';

export const root = join(import.meta.dirname, '../../../..');
const packages = join(import.meta.dirname, '../../node_modules');

/** `compilerOptions` of the project that `npm create vite` makes for React and TypeScript. */
const viteTsconfig = {
  compilerOptions: {
    target: 'es2023',
    lib: ['ES2023', 'DOM'],
    module: 'esnext',
    types: ['vite/client'],
    allowArbitraryExtensions: true,
    skipLibCheck: true,
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    moduleDetection: 'force',
    noEmit: true,
    jsx: 'react-jsx',
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    noFallthroughCasesInSwitch: true,
  },
  include: ['src'],
};

export interface Output {
  readonly code: number | null;
  readonly text: string;
}

export interface Served extends AsyncDisposable {
  readonly url: string;
}

export interface Project extends Disposable {
  readonly folder: string;
  write(files: Readonly<Record<string, string | object>>): void;
  read(path: string): string;
  /** Copies files or folders of the repository. */
  copy(from: string, to: string): void;
  remove(path: string): void;
  /** Runs a program of an installed package. */
  run(program: string, ...args: string[]): Promise<Output>;
  /** Serves the app as its developer sees it. */
  serve(env: Readonly<Record<string, string>>): Promise<Served>;
  /** Checks all types as Vite's template does. */
  types(): Promise<Output>;
  files(pattern: string): string[];
}

export function createProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-client-'));
  symlinkSync(packages, join(folder, 'node_modules'));
  const project: Project = {
    folder,
    write(files) {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
      }
    },
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    copy: (from, to) => cpSync(join(root, from), join(folder, to), { recursive: true }),
    remove: (path) => rmSync(join(folder, path)),
    run: (program, ...args) => run(folder, join(packages, '.bin', program), args),
    serve: (env) => serve(folder, env),
    types: () => run(folder, join(root, 'node_modules/.bin/tsc'), ['-p', '.']),
    files: (pattern) => globSync(pattern, { cwd: folder }).sort(),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  project.copy('schema/published/schema.graphql', 'schema.graphql');
  project.write({ 'tsconfig.json': viteTsconfig });
  return project;
}

function run(folder: string, program: string, args: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

async function serve(folder: string, env: Readonly<Record<string, string>>): Promise<Served> {
  const port = await freePort();
  const args = ['--host', '127.0.0.1', '--port', port, '--strictPort'];
  const child = spawn(join(packages, '.bin/vite'), args, { cwd: folder, env: { ...process.env, ...env } });
  const exited = once(child, 'close');
  const listening = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => String(chunk).includes('127.0.0.1') && resolve());
  });
  await Promise.race([listening, exited.then(([code]) => Promise.reject(new Error(`vite ended with ${code}`)))]);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}
