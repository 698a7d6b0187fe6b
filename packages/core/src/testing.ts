export type { ContractCheck } from './contract-check.ts';
export { type KeyValueStoreContractOptions, keyValueStoreContract } from './key-value-store-contract.ts';
