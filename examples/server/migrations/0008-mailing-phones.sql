-- An event of an e-mail is shown on the conversations of whoever left that e-mail and a phone.

create index mailing_contacts_of_phone on mailing_contacts (phone) where phone is not null;
