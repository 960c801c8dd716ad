/** The stores of the servers that `startServer` starts in this test file: the embedded ones, unless the file chooses others. */

/** Stores for one server. */
export interface ServerStores {
  /** Settings that select them. */
  readonly env: Readonly<Record<string, string>>;
  /** Called when the server is gone. */
  remove(): Promise<void>;
}

let open: () => Promise<ServerStores> = async () => ({ env: {}, remove: async () => {} });

/** Whether servers keep their data in files. */
export let areEmbedded = true;

export function openStores(): Promise<ServerStores> {
  return open();
}

/** Lets all later servers of this file use other stores. */
export function useStores(openOthers: () => Promise<ServerStores>): void {
  open = openOthers;
  areEmbedded = false;
}
