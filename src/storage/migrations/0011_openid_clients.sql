-- OpenID Connect: how the ID tokens of a client are signed, and where it learns of a logout.
-- Fields, writers and readers: ../SCHEMA.md

-- NULL: RS256.
ALTER TABLE clients ADD COLUMN id_token_signed_response_alg TEXT;
ALTER TABLE clients ADD COLUMN backchannel_logout_uri TEXT;
ALTER TABLE clients ADD COLUMN backchannel_logout_session_required INTEGER NOT NULL DEFAULT 0;
