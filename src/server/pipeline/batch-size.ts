/** The limits of a batch: its operations together may be as large as one operation. */
import type { GraphQLError } from 'graphql';
import { clientError } from './client-errors.ts';
import type { OperationLimits, OperationSize } from './limits.ts';

const names: Readonly<Record<keyof BatchLimits, string>> = {
  tokensMax: 'tokens',
  rootFieldsMax: 'root fields',
  aliasesMax: 'aliases',
  costMax: 'cost',
};

type BatchLimits = Pick<OperationLimits, 'tokensMax' | 'rootFieldsMax' | 'aliasesMax' | 'costMax'>;

export class BatchSize {
  private readonly limits: BatchLimits;
  private readonly sums = { tokensMax: 0, rootFieldsMax: 0, aliasesMax: 0, costMax: 0 };

  constructor(limits: BatchLimits) {
    this.limits = limits;
  }

  /** The cost of the operations so far. */
  get cost(): number {
    return this.sums.costMax;
  }

  /** Counts an operation; the error if the batch is too large with it, otherwise null. */
  add({ tokens, rootFields, aliases }: OperationSize, cost: number): GraphQLError | null {
    this.sums.tokensMax += tokens;
    this.sums.rootFieldsMax += rootFields;
    this.sums.aliasesMax += aliases;
    this.sums.costMax += cost;
    for (const limit of Object.keys(names) as (keyof BatchLimits)[]) {
      const [sum, max] = [this.sums[limit], this.limits[limit]];
      if (sum > max)
        return clientError(
          'QUERY_TOO_COMPLEX',
          `Operations of the batch have ${sum} ${names[limit]} up to this one; the maximum is ${max}.`,
          { max },
        );
    }
    return null;
  }
}
