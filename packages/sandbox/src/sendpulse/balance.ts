import type { Routes } from './routes.ts';

/** Money of the account. @see https://sendpulse.com/integrations/api/bulk-email#balance */
export const balanceRoutes: Routes = {
  'GET /balance': ({ account }) => ({ currency: 'UAH', balance_currency: account.balance }),
  'GET /balance/{currency}': ({ account, path }) => ({
    currency: path.currency?.toUpperCase(),
    balance_currency: account.balance,
  }),
  'GET /user/balance/detail': ({ account }) => ({
    balance: { main: account.balance.toFixed(2), bonus: '0.00', currency: 'UAH' },
    email: {
      tariff_name: 'Sandbox',
      emails_left: 1_000,
      maximum_subscribers: 100_000,
      current_subscribers: 1,
    },
    smtp: { tariff_name: 'Sandbox', auto_renew: 1 },
    push: { tariff_name: 'Sandbox', auto_renew: 1 },
  }),
};
