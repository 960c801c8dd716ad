/** The operator's plugins of Apollo Server: a module, whose default export is a list of them. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { StartError } from '../../domain/errors.ts';
import type { HttpContext } from './http-request.ts';

export type Plugin = ApolloServerPlugin<HttpContext>;

const hooks: ReadonlySet<string> = new Set<Exclude<keyof Plugin, symbol>>([
  'serverWillStart',
  'requestDidStart',
  'unexpectedErrorProcessingRequest',
  'contextCreationDidFail',
  'invalidRequestWasReceived',
  'startupDidFail',
]);

/**
 * @param path - of the module, relative to the working directory
 * @throws StartError: the module is missing, fails, or exports something else
 */
export async function loadPlugins(path: string): Promise<readonly Plugin[]> {
  const plugins = await exportOf(path);
  if (!Array.isArray(plugins))
    throw new StartError(`APOLLO_PLUGINS ${path} must export a list of plugins as its default export.`);
  for (const [index, plugin] of plugins.entries()) {
    const problem = problemWith(plugin);
    if (problem !== null) throw new StartError(`APOLLO_PLUGINS ${path}: plugin ${index + 1} ${problem}.`);
  }
  return plugins;
}

async function exportOf(path: string): Promise<unknown> {
  try {
    const { href } = pathToFileURL(resolve(path));
    const module = (await import(href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    throw new StartError(`APOLLO_PLUGINS ${path} cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
}

function problemWith(plugin: unknown): string | null {
  if (typeof plugin !== 'object' || plugin === null) return 'is not an object';
  const found = Object.entries(plugin).filter(([name]) => hooks.has(name));
  const wrong = found.find(([, hook]) => typeof hook !== 'function');
  if (wrong !== undefined) return `has a \`${wrong[0]}\` that is not a function`;
  // Methods of a class are not among its entries.
  const hasHook = [...hooks].some((name) => typeof (plugin as Record<string, unknown>)[name] === 'function');
  return hasHook || idOf(plugin) !== undefined ? null : 'has no hook of Apollo Server';
}

/** Features of Apollo Server that the server does without, unless the operator's plugins turn them on. */
export function disabledBeside(plugins: readonly Plugin[]): readonly Plugin[] {
  const chosen = new Set(plugins.map(idOf));
  return [
    ApolloServerPluginCacheControlDisabled(),
    ApolloServerPluginInlineTraceDisabled(),
    ApolloServerPluginLandingPageDisabled(),
    ApolloServerPluginSchemaReportingDisabled(),
    ApolloServerPluginUsageReportingDisabled(),
  ].filter((plugin) => !chosen.has(idOf(plugin)));
}

/** The id of a plugin that is part of Apollo Server. */
function idOf(plugin: object): string | undefined {
  return (plugin as { __internal_plugin_id__?: string }).__internal_plugin_id__;
}
