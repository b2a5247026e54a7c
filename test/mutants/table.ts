import { accountMutants } from "./account.ts";
import { authFileMutants } from "./authFile.ts";
import { codexMutants } from "./codex.ts";
import { consentMutants } from "./consent.ts";
import { consumerMutants } from "./consumers.ts";
import { credentialMutants } from "./credentials.ts";
import { editorMutants } from "./editor.ts";
import { endpointMutants } from "./endpoints.ts";
import { handOffMutants } from "./handOff.ts";
import { listenerMutants } from "./listener.ts";
import type { Mutant } from "./mutant.ts";
import { openaiMutants } from "./openai.ts";
import { platformMutants } from "./platform.ts";
import { signInMutants } from "./signIn.ts";
import { signOutMutants } from "./signOut.ts";
import { storageMutants } from "./storage.ts";
import { tokenMutants } from "./tokens.ts";
import { undoingMutants } from "./undoing.ts";

/** Every mutant. Their names differ. */
export const mutants: readonly Mutant[] = [
  ...listenerMutants,
  ...signInMutants,
  ...tokenMutants,
  ...platformMutants,
  ...accountMutants,
  ...credentialMutants,
  ...storageMutants,
  ...undoingMutants,
  ...signOutMutants,
  ...endpointMutants,
  ...codexMutants,
  ...authFileMutants,
  ...handOffMutants,
  ...openaiMutants,
  ...editorMutants,
  ...consumerMutants,
  ...consentMutants,
];
