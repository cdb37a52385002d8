#!lua flags=allow-oom
-- A node does not listen any more. Where another does, that one says so at its next look.
-- ARGV: from 2 on, channels.
for i = 2, #ARGV do unheard(ARGV[i]) end
settle()
return 0
