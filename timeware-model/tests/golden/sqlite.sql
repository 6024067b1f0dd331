-- employment status
SELECT [employee_status_id], [description], [exclude_from_calculation] FROM [temployee_status] ORDER BY 1

-- version
SELECT [property], [data] FROM [tversion]

-- receipt of a record
SELECT internal_id, state, first_seen, last_seen FROM [bridge_link] WHERE source = ?1 AND entity = ?2 AND external_id = ?3

-- record of a receipt
SELECT internal_id FROM [bridge_link] WHERE source = ?1 AND entity = ?2 AND external_id = ?3

-- write a receipt
INSERT INTO [bridge_link] (source, entity, external_id, internal_id, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?5)

-- state of a receipt
UPDATE [bridge_link] SET state = ?1, last_seen = ?2 WHERE source = ?3 AND entity = ?4 AND external_id = ?5

-- states of a record's receipts
UPDATE [bridge_link] SET state = ?1, last_seen = ?2 WHERE entity = ?3 AND internal_id = ?4

-- holders of a badge
SELECT e.[employee_id], s.[exclude_from_calculation] FROM [temployee] e LEFT JOIN [temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[badge] = ?1

-- status of a person
SELECT s.[exclude_from_calculation], e.[badge_expiry] FROM [temployee] e LEFT JOIN [temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[employee_id] = ?1

-- a person is there
SELECT 1 FROM [temployee] WHERE [employee_id] = ?1

-- names
SELECT [employee_id], [first_name], [last_name] FROM [temployee] WHERE [employee_id] > ?1 ORDER BY [employee_id] LIMIT ?2

-- change queue
SELECT [event_update_id], [find_key] FROM [tevent_update] WHERE [event_update_id] > ?1 AND [event_update_command_ref_id] = 1 ORDER BY 1 LIMIT ?2

-- credentials of a page
SELECT employee_id, shown, kind, valid_from FROM [bridge_badge] WHERE employee_id BETWEEN ?1 AND ?2 AND source = ?3 AND valid_to IS NULL ORDER BY badge_id

-- end a person's credentials
UPDATE [bridge_badge] SET valid_to = ?1 WHERE employee_id = ?2 AND valid_to IS NULL

-- end one credential
UPDATE [bridge_badge] SET valid_to = ?1 WHERE badge_id = ?2

-- end a credential of others
UPDATE [bridge_badge] SET valid_to = ?1 WHERE source = ?2 AND number = ?3 AND employee_id <> ?4 AND valid_to IS NULL

-- register a credential
INSERT INTO [bridge_badge] (source, kind, number, shown, employee_id, valid_from) VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- holder of a badge
SELECT [employee_id] FROM [temployee] WHERE [badge] = ?1

-- credentials over time
SELECT source, number, valid_from, valid_to FROM [bridge_badge] WHERE employee_id = ?1 ORDER BY badge_id

-- holders by one source
SELECT employee_id, valid_from, valid_to FROM [bridge_badge] WHERE number = ?1 AND source = ?2 ORDER BY valid_from DESC, badge_id DESC

-- holders by any source
SELECT employee_id, valid_from, valid_to FROM [bridge_badge] WHERE number = ?1 ORDER BY valid_from DESC, badge_id DESC

-- credentials held now
SELECT badge_id, kind, shown, valid_from FROM [bridge_badge] WHERE employee_id = ?1 AND source = ?2 AND valid_to IS NULL ORDER BY badge_id

-- policies
SELECT p.[terminal_policy_id], p.[description], p.[data], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'policy' AND internal_id = p.[terminal_policy_id] ORDER BY link_id LIMIT 1) FROM [tterminal_policy] p ORDER BY 1

-- another policy of a name
SELECT [terminal_policy_id] FROM [tterminal_policy] WHERE [description] = ?1 AND [terminal_policy_id] <> ?2

-- a policy is there
SELECT 1 FROM [tterminal_policy] WHERE [terminal_policy_id] = ?1

-- terminals
SELECT t.[terminal_id], t.[number], t.[description], t.[configuration], t.[suspended], t.[ip_address], t.[notepad], t.[roll_call_enabled], t.[r1_direction], t.[r1_zone_id], t.[poll_success], b.role, b.direction, b.time_zone, b.take_from, (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'terminal' AND internal_id = t.[terminal_id] ORDER BY link_id LIMIT 1) FROM [tterminal] t LEFT JOIN [bridge_terminal] b ON b.terminal_id = t.[terminal_id] ORDER BY 2

-- one terminal
SELECT t.[terminal_id], t.[number], t.[description], t.[configuration], t.[suspended], t.[ip_address], t.[notepad], t.[roll_call_enabled], t.[r1_direction], t.[r1_zone_id], t.[poll_success], b.role, b.direction, b.time_zone, b.take_from, (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'terminal' AND internal_id = t.[terminal_id] ORDER BY link_id LIMIT 1) FROM [tterminal] t LEFT JOIN [bridge_terminal] b ON b.terminal_id = t.[terminal_id] WHERE t.[terminal_id] = ?2

-- a terminal is there
SELECT 1 FROM [tterminal] WHERE [terminal_id] = ?1

-- numbers in use
SELECT [number] FROM [tterminal] WHERE [number] BETWEEN ?1 AND ?2 ORDER BY 1

-- settings of a terminal, again
UPDATE [bridge_terminal] SET role = ?1, direction = ?2, time_zone = ?3, take_from = ?4 WHERE terminal_id = ?5

-- settings of a terminal, again, without a start
UPDATE [bridge_terminal] SET role = ?1, direction = ?2, time_zone = ?3, take_from = NULL WHERE terminal_id = ?4

-- settings of a terminal
INSERT INTO [bridge_terminal] (role, direction, time_zone, take_from, terminal_id) VALUES (?1, ?2, ?3, ?4, ?5)

-- settings of a terminal, without a start
INSERT INTO [bridge_terminal] (role, direction, time_zone, terminal_id) VALUES (?1, ?2, ?3, ?4)

-- terminal groups
SELECT g.[terminal_group_ref_id], g.[description], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'terminal_group' AND internal_id = g.[terminal_group_ref_id] ORDER BY link_id LIMIT 1) FROM [tterminal_group_ref] g ORDER BY 1

-- members of terminal groups
SELECT [terminal_group_ref_id], [terminal_id] FROM [tterminal_group]

-- another group of a name
SELECT [terminal_group_ref_id] FROM [tterminal_group_ref] WHERE [description] = ?1 AND [terminal_group_ref_id] <> ?2

-- an event booked before
SELECT target_table, target_id FROM [bridge_event] WHERE source = ?1 AND external_event_id = ?2

-- receipt of an event
SELECT source, external_event_id, occurred_utc, occurred_local, utc_offset_min, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id FROM [bridge_event] WHERE source = ?1 AND external_event_id = ?2

-- newest event of a person
SELECT source, external_event_id, occurred_utc, occurred_local, utc_offset_min, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id FROM [bridge_event] WHERE employee_id = ?1 ORDER BY occurred_utc DESC LIMIT 1

-- receipts of a span
SELECT source, external_event_id, occurred_utc, occurred_local, utc_offset_min, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id FROM [bridge_event] WHERE occurred_utc >= ?1 AND occurred_utc < ?2 ORDER BY occurred_utc

-- last direction of a person
SELECT direction, occurred_utc, occurred_local FROM [bridge_event] WHERE employee_id = ?1 AND occurred_utc <= ?2 AND direction <> 'U' AND outcome = 'booked' ORDER BY occurred_utc DESC LIMIT 1

-- last place of a person
SELECT [date_and_time] FROM [temployee_roll_call] WHERE [employee_id] = ?1

-- last places
SELECT [employee_id], [terminal_id], [reader_direction], [reader_description], [zone_id], [date_and_time] FROM [temployee_roll_call] ORDER BY 1

-- move a booking of the inlet
UPDATE [twork_unprocessed] SET [employee_id] = ?1, [terminal_id] = ?2, [date_and_time] = ?3 WHERE [work_unprocessed_id] = ?4 AND [employee_id] = ?5 AND [terminal_id] = ?6 AND [date_and_time] = ?7

-- supersede a receipt
UPDATE [bridge_event] SET outcome = 'ignored', target_table = NULL, target_id = NULL WHERE source = ?1 AND external_event_id = ?2

-- people Page
SELECT e.[employee_id], e.[employee_status_id], s.[exclude_from_calculation], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'employee' AND internal_id = e.[employee_id] ORDER BY link_id LIMIT 1), e.[title], e.[first_name], e.[last_name], NULL, e.[gender], NULL, NULL, e.[email_address], NULL, NULL, e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [temployee] e LEFT JOIN [temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[employee_id] > ?2 ORDER BY e.[employee_id] LIMIT ?3

-- people ById
SELECT e.[employee_id], e.[employee_status_id], s.[exclude_from_calculation], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'employee' AND internal_id = e.[employee_id] ORDER BY link_id LIMIT 1), e.[title], e.[first_name], e.[last_name], NULL, e.[gender], NULL, NULL, e.[email_address], NULL, NULL, e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [temployee] e LEFT JOIN [temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[employee_id] = ?2

-- people ByPaylink
SELECT e.[employee_id], e.[employee_status_id], s.[exclude_from_calculation], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'employee' AND internal_id = e.[employee_id] ORDER BY link_id LIMIT 1), e.[title], e.[first_name], e.[last_name], NULL, e.[gender], NULL, NULL, e.[email_address], NULL, NULL, e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [temployee] e LEFT JOIN [temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[paylink] = ?2

-- people ByBadge
SELECT e.[employee_id], e.[employee_status_id], s.[exclude_from_calculation], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'employee' AND internal_id = e.[employee_id] ORDER BY link_id LIMIT 1), e.[title], e.[first_name], e.[last_name], NULL, e.[gender], NULL, NULL, e.[email_address], NULL, NULL, e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [temployee] e LEFT JOIN [temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[badge] = ?2

-- people ByEmail
SELECT e.[employee_id], e.[employee_status_id], s.[exclude_from_calculation], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'employee' AND internal_id = e.[employee_id] ORDER BY link_id LIMIT 1), e.[title], e.[first_name], e.[last_name], NULL, e.[gender], NULL, NULL, e.[email_address], NULL, NULL, e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [temployee] e LEFT JOIN [temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE LOWER(e.[email_address]) = LOWER(?2)

-- values of a grouping
SELECT g.[grouping_ref_id], g.[description], (SELECT external_id FROM [bridge_link] WHERE source = ?1 AND entity = 'grouping' AND internal_id = g.[grouping_ref_id] ORDER BY link_id LIMIT 1) FROM [tgrouping_ref] g WHERE g.[grouping_number] = 1 ORDER BY 1

-- new value of a grouping
INSERT INTO [tgrouping_ref] ([description], [grouping_number]) VALUES (?1, ?2)

-- rename a value of a grouping
UPDATE [tgrouping_ref] SET [description] = ?1 WHERE [grouping_ref_id] = ?2

-- text of a value
SELECT [description] FROM [tgrouping_ref] WHERE [grouping_ref_id] = ?1 AND [grouping_number] = 1

-- insert employee, all set
INSERT INTO [temployee] ([employee_status_id], [title], [first_name], [last_name], [date_of_birth], [gender], [address], [post_code], [email_address], [mobile_number], [vehicle_registration], [badge], [badge_activation], [badge_expiry], [security_pin], [paylink], [date_started_with_company], [date_left_company], [terminal_policy_id], [grouping_1_ref_id], [grouping_2_ref_id], [grouping_3_ref_id], [grouping_4_ref_id], [grouping_5_ref_id], [grouping_6_ref_id], [grouping_7_ref_id], [grouping_8_ref_id], [grouping_9_ref_id], [grouping_10_ref_id]) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)

-- update employee, all set
UPDATE [temployee] SET [employee_status_id] = ?1, [title] = ?2, [first_name] = ?3, [last_name] = ?4, [date_of_birth] = ?5, [gender] = ?6, [address] = ?7, [post_code] = ?8, [email_address] = ?9, [mobile_number] = ?10, [vehicle_registration] = ?11, [badge] = ?12, [badge_activation] = ?13, [badge_expiry] = ?14, [security_pin] = ?15, [paylink] = ?16, [date_started_with_company] = ?17, [date_left_company] = ?18, [terminal_policy_id] = ?19, [grouping_1_ref_id] = ?20, [grouping_2_ref_id] = ?21, [grouping_3_ref_id] = ?22, [grouping_4_ref_id] = ?23, [grouping_5_ref_id] = ?24, [grouping_6_ref_id] = ?25, [grouping_7_ref_id] = ?26, [grouping_8_ref_id] = ?27, [grouping_9_ref_id] = ?28, [grouping_10_ref_id] = ?29 WHERE [employee_id] = ?30

-- update employee, empty
UPDATE [temployee] SET [title] = NULL, [date_of_birth] = NULL, [gender] = NULL, [address] = NULL, [post_code] = NULL, [email_address] = NULL, [mobile_number] = NULL, [vehicle_registration] = NULL, [badge] = NULL, [badge_activation] = NULL, [badge_expiry] = NULL, [security_pin] = NULL, [paylink] = NULL, [date_started_with_company] = NULL, [date_left_company] = NULL, [terminal_policy_id] = NULL, [grouping_1_ref_id] = NULL, [grouping_2_ref_id] = NULL, [grouping_3_ref_id] = NULL, [grouping_4_ref_id] = NULL, [grouping_5_ref_id] = NULL, [grouping_6_ref_id] = NULL, [grouping_7_ref_id] = NULL, [grouping_8_ref_id] = NULL, [grouping_9_ref_id] = NULL, [grouping_10_ref_id] = NULL WHERE [employee_id] = ?1

-- insert terminal_policy, all set
INSERT INTO [tterminal_policy] ([description], [data]) VALUES (?1, ?2)

-- update terminal_policy, all set
UPDATE [tterminal_policy] SET [description] = ?1, [data] = ?2 WHERE [terminal_policy_id] = ?3

-- update terminal_policy, empty
UPDATE [tterminal_policy] SET [data] = NULL WHERE [terminal_policy_id] = ?1

-- insert terminal, all set
INSERT INTO [tterminal] ([number], [description], [configuration], [suspended], [ip_address], [notepad], [roll_call_enabled], [r1_direction], [r1_description], [r1_zone_id], [poll_success], [poll_failed]) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)

-- update terminal, all set
UPDATE [tterminal] SET [number] = ?1, [description] = ?2, [configuration] = ?3, [suspended] = ?4, [ip_address] = ?5, [notepad] = ?6, [roll_call_enabled] = ?7, [r1_direction] = ?8, [r1_description] = ?9, [r1_zone_id] = ?10, [poll_success] = ?11, [poll_failed] = ?12 WHERE [terminal_id] = ?13

-- update terminal, empty
UPDATE [tterminal] SET [ip_address] = NULL, [notepad] = NULL, [roll_call_enabled] = NULL, [r1_direction] = NULL, [r1_description] = NULL, [r1_zone_id] = NULL, [poll_success] = NULL, [poll_failed] = NULL WHERE [terminal_id] = ?1

-- insert terminal_group_ref, all set
INSERT INTO [tterminal_group_ref] ([description]) VALUES (?1)

-- update terminal_group_ref, all set
UPDATE [tterminal_group_ref] SET [description] = ?1 WHERE [terminal_group_ref_id] = ?2

-- update terminal_group_ref, empty
SELECT 1 FROM [tterminal_group_ref] WHERE [terminal_group_ref_id] = ?1

-- add terminal_group
INSERT INTO [tterminal_group] ([terminal_group_ref_id], [terminal_id]) VALUES (?1, ?2)

-- add roll_call
INSERT INTO [temployee_roll_call] ([employee_id], [reader], [reader_direction], [reader_description], [terminal_id], [zone_id], [date_and_time]) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- add event_update
INSERT INTO [tevent_update] ([event_update_command_ref_id], [find_key]) VALUES (?1, ?2)

-- update roll_call
UPDATE [temployee_roll_call] SET [reader] = ?1, [reader_direction] = ?2, [reader_description] = ?3, [terminal_id] = ?4, [zone_id] = ?5, [date_and_time] = ?6 WHERE [employee_id] = ?7

-- update roll_call, no zone
UPDATE [temployee_roll_call] SET [reader] = ?1, [reader_direction] = ?2, [reader_description] = ?3, [terminal_id] = ?4, [zone_id] = NULL, [date_and_time] = ?5 WHERE [employee_id] = ?6

-- book twork unless it stands
INSERT INTO [twork] ([employee_id], [terminal_id], [date_and_time], [type], [flag], [key], [memo], [authorisation], [authorisation_finalised], [source]) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS (SELECT 1 FROM [twork] WHERE [employee_id] = ?11 AND [terminal_id] = ?12 AND [date_and_time] = ?13 AND [type] = ?14)

-- book twork
INSERT INTO [twork] ([employee_id], [terminal_id], [date_and_time], [type], [flag], [key], [memo], [authorisation], [authorisation_finalised], [source]) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)

-- same twork
SELECT [work_id] FROM [twork] WHERE [employee_id] = ?1 AND [terminal_id] = ?2 AND [date_and_time] = ?3 AND [type] = ?4 ORDER BY 1 LIMIT 1

-- twork at a time
SELECT 1 FROM [twork] WHERE [employee_id] = ?1 AND [terminal_id] = ?2 AND [date_and_time] = ?3

-- twork of a span
SELECT [work_id] FROM [twork] WHERE [date_and_time] >= ?1 AND [date_and_time] < ?2 AND [terminal_id] IN (SELECT terminal_id FROM [bridge_terminal]) ORDER BY 1

-- book twork_unprocessed unless it stands
INSERT INTO [twork_unprocessed] ([employee_id], [terminal_id], [date_and_time], [type], [flag], [key], [memo], [authorisation], [authorisation_finalised], [source]) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS (SELECT 1 FROM [twork_unprocessed] WHERE [employee_id] = ?11 AND [terminal_id] = ?12 AND [date_and_time] = ?13 AND [type] = ?14)

-- book twork_unprocessed
INSERT INTO [twork_unprocessed] ([employee_id], [terminal_id], [date_and_time], [type], [flag], [key], [memo], [authorisation], [authorisation_finalised], [source]) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)

-- same twork_unprocessed
SELECT [work_unprocessed_id] FROM [twork_unprocessed] WHERE [employee_id] = ?1 AND [terminal_id] = ?2 AND [date_and_time] = ?3 AND [type] = ?4 ORDER BY 1 LIMIT 1

-- twork_unprocessed at a time
SELECT 1 FROM [twork_unprocessed] WHERE [employee_id] = ?1 AND [terminal_id] = ?2 AND [date_and_time] = ?3

-- twork_unprocessed of a span
SELECT [work_unprocessed_id] FROM [twork_unprocessed] WHERE [date_and_time] >= ?1 AND [date_and_time] < ?2 AND [terminal_id] IN (SELECT terminal_id FROM [bridge_terminal]) ORDER BY 1

-- book access_archive unless it stands
INSERT INTO [taccess_archive] ([user_id], [employee_id], [terminal_id], [date_and_time], [flag], [badge]) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM [taccess_archive] WHERE [employee_id] = ?7 AND [terminal_id] = ?8 AND [date_and_time] = ?9 AND [flag] = ?10)

-- book access_archive
INSERT INTO [taccess_archive] ([user_id], [employee_id], [terminal_id], [date_and_time], [flag], [badge]) VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- same access_archive
SELECT [access_archive_id] FROM [taccess_archive] WHERE [employee_id] = ?1 AND [terminal_id] = ?2 AND [date_and_time] = ?3 AND [flag] = ?4 ORDER BY 1 LIMIT 1

-- access_archive at a time
SELECT 1 FROM [taccess_archive] WHERE [employee_id] = ?1 AND [terminal_id] = ?2 AND [date_and_time] = ?3

-- access_archive of a span
SELECT [access_archive_id] FROM [taccess_archive] WHERE [date_and_time] >= ?1 AND [date_and_time] < ?2 AND [terminal_id] IN (SELECT terminal_id FROM [bridge_terminal]) ORDER BY 1

-- archive a booking
INSERT INTO [twork_unprocessed_archive] ([employee_id], [terminal_id], [date_and_time], [type], [flag], [key], [memo], [authorisation], [authorisation_finalised], [source]) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)

-- receipt of an event, all set
INSERT INTO [bridge_event] (source, external_event_id, occurred_utc, occurred_local, utc_offset_min, received_utc, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)

