import { personalTokenPrefix } from './personal-token-verifier.ts';
import { tokenInvalid } from './token-refusals.ts';
import type { TokenVerifier } from './token-verifier.ts';

/** Sends each token to the check that its form asks for; without one for personal tokens those are 401 `token_invalid`. */
export const createBearerVerifier =
  (verifyJwt: TokenVerifier, verifyPersonal: TokenVerifier | undefined): TokenVerifier =>
  (token, admit) => {
    if (!token.startsWith(personalTokenPrefix)) return verifyJwt(token);
    if (verifyPersonal === undefined) throw tokenInvalid('personal tokens need SCAIKEY_CLIENT_ID');
    return verifyPersonal(token, admit);
  };
