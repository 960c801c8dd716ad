/** A project on Relay: the documents of this folder, compiled by relay-compiler, and the example's environment. */
import { createProject, type Output, type Project } from './project.ts';

export async function createRelayProject(): Promise<{ project: Project; output: Output }> {
  const project = createProject();
  project.copy('tools/clients/documents/relay.ts', 'src/relay.ts');
  project.copy('examples/clients', 'src/heliograph');
  project.write({
    'src/__generated__/.keep': '',
    'relay.config.json': {
      src: './src',
      schema: './schema.graphql',
      language: 'typescript',
      artifactDirectory: './src/__generated__',
      eagerEsModules: true,
      customScalarTypes: { DateTime: 'string', Seq: 'string', BigInt: 'string', JSONObject: 'Record<string, unknown>' },
    },
  });
  return { project, output: await project.run('relay-compiler') };
}
