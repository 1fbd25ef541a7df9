-- The secret that users and sessions are hashed with.
select secret.key from core.viewer_key as secret;
