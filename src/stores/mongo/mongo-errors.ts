/** Classifies errors of MongoDB and its driver. */
import { mongo } from 'mongoose';

const duplicateKey = 11_000;

/**
 * The places of the writes of a batch that a unique index refused, ascending. All others were written, except those behind the
 * first refused one of an ordered batch.
 *
 * @throws the error itself, if it says anything else: the outcome of the other writes is then unknown
 */
export function refusedOf(error: unknown): number[] {
  if (!isUniqueViolationOnly(error)) throw error;
  return writeErrorsOf(error)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

/** Whether unique indexes refused writes, and every other write of the batch was acknowledged by the majority. */
export function isUniqueViolationOnly(error: unknown): error is mongo.MongoBulkWriteError {
  if (!(error instanceof mongo.MongoBulkWriteError)) return false;
  const errors = writeErrorsOf(error);
  return (
    errors.length > 0 &&
    errors.every(({ code }) => code === duplicateKey) &&
    error.result.getWriteConcernError() === undefined
  );
}

function writeErrorsOf({ writeErrors }: mongo.MongoBulkWriteError): readonly mongo.WriteError[] {
  return Array.isArray(writeErrors) ? writeErrors : [writeErrors as mongo.WriteError];
}

/** A bug in the server's code, which must not become UNAVAILABLE, because retrying would not help. */
export function isBug(error: unknown): boolean {
  return [
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    mongo.BSON.BSONError,
    mongo.MongoInvalidArgumentError,
  ].some((kind) => error instanceof kind);
}
