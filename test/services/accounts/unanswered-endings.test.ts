/** Sessions whose end the directory has stored without answering: their tokens and sockets end all the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import type { Session } from '../../../src/services/accounts/account-service.ts';
import { describeDirectories, type OpenDirectory } from '../../contract/directory-drivers.ts';
import { accountSettings, from, password, pick, setUpAccounts, unauthenticated } from '../../support/accounts.ts';

const lost = { code: 'UNAVAILABLE', retryable: true };

/** The call is carried out, and its answer is lost. */
function withoutAnswer<Args extends unknown[]>(call: (...args: Args) => Promise<unknown>) {
  return async (...args: Args): Promise<never> => {
    await call(...args);
    throw new DomainError('UNAVAILABLE', 'Directory did not answer in time.');
  };
}

describeDirectories('the unanswered end of a session', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  /** Two sessions of one user, whose tokens are cached. */
  async function signIn() {
    const stores = pick(directory);
    const { accounts, revocations, time, register, refresh, verify } = setUpAccounts(stores);
    const here = await register();
    const there = await accounts.logIn({ username: here.user.username, password }, from);
    const viewer = await verify(here);
    await verify(there);
    stores.devices.revoke = withoutAnswer(directory.devices.revoke);
    stores.accountControl.changePassword = withoutAnswer(directory.accountControl.changePassword);
    const expectEnded = async (session: Session) => {
      expect(revocations.map(({ deviceId }) => deviceId)).toContain(session.deviceId);
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    };
    return { accounts, viewer, here, there, time, refresh, verify, expectEnded };
  }

  it('counts after a log-out', async () => {
    const { accounts, viewer, here, expectEnded } = await signIn();
    await expect(accounts.logOut(viewer)).rejects.toMatchObject(lost);
    await expectEnded(here);
  });

  it('counts after the revocation of another device', async () => {
    const { accounts, viewer, there, expectEnded } = await signIn();
    await expect(accounts.revokeDevice(viewer, there.deviceId)).rejects.toMatchObject(lost);
    await expectEnded(there);
  });

  it('counts after the reuse of a refresh token', async () => {
    const { there, time, refresh, expectEnded } = await signIn();
    await refresh(there);
    time.now += accountSettings.refreshReuseMs;
    await expect(refresh(there)).rejects.toMatchObject(lost);
    await expectEnded(there);
  });

  it('counts for the other devices after a change of the password', async () => {
    const { accounts, viewer, here, there, verify, expectEnded } = await signIn();
    const input = { currentPassword: password, newPassword: 'battery staple' };
    await expect(accounts.changePassword(viewer, input, from)).rejects.toMatchObject(lost);
    await expectEnded(there);
    expect(await verify(here)).toEqual(viewer);
  });
});
