-- Questions by WhatsApp and by e-mail are withdrawn, and waited for, as those by SMS are.
DROP INDEX outbox_of_a_conversation;
CREATE INDEX outbox_of_a_conversation ON outbox (conversation)
    WHERE kind IN ('ask', 'ask_by_sms', 'ask_by_whatsapp', 'ask_by_email', 'remind');
