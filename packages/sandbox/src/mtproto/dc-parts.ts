import type { RsaKey } from './crypto/rsa-key.ts';
import type { MethodParts } from './methods/method.ts';
import type { WritableConnectionLog } from './records/connection-log.ts';
import type { WritableRequestLog } from './records/request-log.ts';
import type { TakingFaults } from './session/faults.ts';
import type { Pushing } from './session/pushing.ts';
import type { DcConnection } from './transport/connection.ts';

/** What a DC is made of. */
export interface DcParts extends MethodParts, Pushing {
  readonly rsaKey: RsaKey;
  readonly faults: TakingFaults;
  readonly requests: WritableRequestLog;
  readonly connections: WritableConnectionLog;
  readonly openConnections: ReadonlySet<DcConnection>;
}
