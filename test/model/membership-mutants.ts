/** Guards of membership that no port shows: a place of the services that takes any member list, whatever its version. */
import { vi } from 'vitest';
import type { MemberLists } from '../../src/services/members/member-lists.ts';

type Place = 'append' | 'fan-out' | 'reading';

/** Where versions are ignored while a mutant plays. */
export const ignored = { places: new Set<Place>() };

export const membershipMutants: readonly { readonly name: string; readonly places: readonly Place[] }[] = [
  { name: 'the version of the member list is ignored in append', places: ['append'] },
  { name: 'the version of the member list is ignored in fan-out', places: ['fan-out'] },
  { name: 'the version of the member list is ignored in reading', places: ['reading'] },
  { name: 'a hint is needed for correctness: versions are compared nowhere', places: ['append', 'fan-out', 'reading'] },
];

/** The member lists as one place sees them. */
export function seenFrom(place: Place, memberLists: MemberLists): MemberLists {
  return {
    ...memberLists,
    at: (id, version) => memberLists.at(id, ignored.places.has(place) ? 0n : version),
    membersAt: (id, version, userIds) => memberLists.membersAt(id, ignored.places.has(place) ? 0n : version, userIds),
  };
}

/** Puts `seenFrom` before a factory's port. */
export function wrapFactory<Ports extends object, Made>(
  create: (ports: Ports) => Made,
  place: Place,
  port: keyof Ports,
): (ports: Ports) => Made {
  return vi.fn((ports: Ports) => create({ ...ports, [port]: seenFrom(place, ports[port] as MemberLists) }));
}
