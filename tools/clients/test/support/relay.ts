/** A project on Relay with the documents of this folder, compiled by relay-compiler. */
import { createProject, type Output, type Project } from './project.ts';

/** @param language - of the compiled documents: to check their types, or to run them */
export async function createRelayProject(
  language: 'typescript' | 'javascript',
): Promise<{ project: Project; output: Output }> {
  const project = createProject();
  project.copy('tools/clients/documents/relay.ts', 'src/relay.ts');
  project.write({
    'src/__generated__/.keep': '',
    'relay.config.json': {
      src: './src',
      schema: './schema.graphql',
      language: 'typescript',
      ...(language === 'javascript' ? { projects: undefined } : {}),
      artifactDirectory: './src/__generated__',
      eagerEsModules: true,
      customScalarTypes: { DateTime: 'string', Seq: 'string', BigInt: 'string', JSONObject: 'Record<string, unknown>' },
    },
  });
  return { project, output: await project.run('relay-compiler') };
}
