/** What an update takes from clients that were written for the last release. */
import { type Change, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** The version that a released schema carries in its first line. */
export const versionOf = (sdl: string): string | undefined => /^# Released as (\S+)\.$/m.exec(sdl)?.[1];

/**
 * Breaking changes since a release that the changelog does not name, as lines to show. A change is named when a section above that of
 * the release has its schema coordinate as inline code, such as `Query.history(first:)`.
 */
export async function unnamedBreakingChanges(released: string, current: string, changelog: string): Promise<string[]> {
  const named = new Set(
    [...sectionsSince(changelog, versionOf(released)).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code),
  );
  const changes = await diff(buildSchema(released), buildSchema(current));
  return changes
    .filter(isBreaking)
    .map((change) => ({ coordinate: coordinateOf(change), message: change.message }))
    .filter(({ coordinate }) => !named.has(coordinate))
    .map(({ coordinate, message }) => `\`${coordinate}\`: ${message}`);
}

function sectionsSince(changelog: string, version: string | undefined): string {
  const sections = changelog.split(/^(?=## )/m);
  const last = sections.findIndex((section) => version !== undefined && section.startsWith(`## ${version} `));
  return sections.slice(0, last === -1 ? undefined : last).join('');
}

/** A default decides what a client gets that leaves the argument out. New values and members are announced as possible at any time. */
const isBreaking = ({ criticality, type }: Change): boolean =>
  criticality.level === CriticalityLevel.Breaking || type.endsWith('_DEFAULT_CHANGED');

/** The inspector writes the argument of a field as a third step. */
function coordinateOf({ path = '' }: Change): string {
  const [type = '', field, argument] = path.split('.');
  if (field === undefined) return type;
  return argument === undefined ? `${type}.${field}` : `${type}.${field}(${argument}:)`;
}
