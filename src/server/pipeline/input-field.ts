/** Which argument or input field an error of graphql-js about a value is about: it says so in its message and its nodes only. */
import { type ASTNode, BREAK, type DocumentNode, type GraphQLError, Kind, visit } from 'graphql';

const variablePattern = /^Variable "\$(\w+)"/;
/** The place inside the variable's value. Behind the value itself, which may contain anything: the last one counts. */
const placePattern = /^[\s\S]* at "(\w[\w.[\]]*)"; /;
const missingPattern = /Field "(\w+)" (?:of required type|is not defined)/;
const argumentPattern = /^Argument "(\w+)"/;

/** @param document - the document, if the error comes from its validation */
export function fieldOf(error: GraphQLError, document: DocumentNode | undefined): string | null {
  const field = fieldOfValue(error);
  return field !== null || document === undefined ? field : fieldOfNode(document, error.nodes?.[0]);
}

/** The field that a value of a variable, or of an argument at run time, was meant for; null for another error. */
function fieldOfValue({ message }: GraphQLError): string | null {
  const variable = variablePattern.exec(message)?.[1];
  if (variable === undefined) return argumentPattern.exec(message)?.[1] ?? null;
  const place = placePattern.exec(message)?.[1] ?? variable;
  const missing = missingPattern.exec(message)?.[1];
  // [0] becomes .0, as in the paths of GraphQL.
  const path = place.replaceAll(/\[(\d+)\]/g, '.$1');
  return missing === undefined ? path : `${path}.${missing}`;
}

/** The innermost argument or input field of a document that has a node as its value; null if there is none. */
function fieldOfNode(document: DocumentNode, node: ASTNode | undefined): string | null {
  if (node === undefined) return null;
  let found: string | null = null;
  const path: string[] = [];
  visit(document, {
    enter(visited) {
      if (visited.kind === Kind.ARGUMENT) path.length = 0;
      if (visited.kind === Kind.ARGUMENT || visited.kind === Kind.OBJECT_FIELD) path.push(visited.name.value);
      if (visited !== node) return undefined;
      found = path.length === 0 ? null : path.join('.');
      return BREAK;
    },
    leave(visited) {
      if (visited.kind === Kind.ARGUMENT || visited.kind === Kind.OBJECT_FIELD) path.pop();
    },
  });
  return found;
}
