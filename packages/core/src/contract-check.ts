/** One thing that an adapter must do; `check` rejects if it does not. Runs under any test runner. */
export interface ContractCheck {
  readonly name: string;
  readonly check: () => Promise<void>;
}
