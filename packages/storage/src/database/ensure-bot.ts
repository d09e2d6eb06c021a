import type { Accounts, Bot } from '@muster/ports';

/**
 * The bot as configuration names it: left alone where its secret is the same already, else created or given the new secret and name.
 * Several processes may do so at once.
 */
export async function ensureBot(
  accounts: Accounts,
  bot: { readonly clientId: string; readonly secret: string; readonly name: string },
): Promise<Bot> {
  const known = await accounts.verifyBot(bot.clientId, bot.secret);
  return known?.name === bot.name ? known : accounts.putBot(bot);
}
