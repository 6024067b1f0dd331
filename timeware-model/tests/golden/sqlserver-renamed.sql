-- receipt of a record
SELECT internal_id, state, first_seen, last_seen FROM [dbo].[x_link] WHERE source = @P1 AND entity = @P2 AND external_id = @P3

-- record of a receipt
SELECT internal_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = @P2 AND external_id = @P3

-- write a receipt
INSERT INTO [dbo].[x_link] (source, entity, external_id, internal_id, first_seen, last_seen) VALUES (@P1, @P2, @P3, @P4, @P5, @P5); SELECT @@ROWCOUNT

-- state of a receipt
UPDATE [dbo].[x_link] SET state = @P1, last_seen = @P2 WHERE source = @P3 AND entity = @P4 AND external_id = @P5; SELECT @@ROWCOUNT

-- states of a record's receipts
UPDATE [dbo].[x_link] SET state = @P1, last_seen = @P2 WHERE entity = @P3 AND internal_id = @P4; SELECT @@ROWCOUNT

-- holders of a badge
SELECT e.[pid], s.[exclude_from_calculation] FROM [hr].[people of ours] e WITH (UPDLOCK, HOLDLOCK) LEFT JOIN [dbo].[temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[badge] = @P1

-- status of a person
SELECT s.[exclude_from_calculation], e.[badge_expiry] FROM [hr].[people of ours] e LEFT JOIN [dbo].[temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[pid] = @P1

-- a person is there
SELECT 1 FROM [hr].[people of ours] WHERE [pid] = @P1

-- names
SELECT TOP (@P2) [pid], [first_name], [last_name] FROM [hr].[people of ours] WHERE [pid] > @P1 ORDER BY [pid]

-- credentials of a page
SELECT employee_id, shown, kind, valid_from FROM [dbo].[x_badge] WHERE employee_id BETWEEN @P1 AND @P2 AND source = @P3 AND valid_to IS NULL ORDER BY badge_id

-- end a person's credentials
UPDATE [dbo].[x_badge] SET valid_to = @P1 WHERE employee_id = @P2 AND valid_to IS NULL; SELECT @@ROWCOUNT

-- end one credential
UPDATE [dbo].[x_badge] SET valid_to = @P1 WHERE badge_id = @P2; SELECT @@ROWCOUNT

-- end a credential of others
UPDATE [dbo].[x_badge] SET valid_to = @P1 WHERE source = @P2 AND number = @P3 AND employee_id <> @P4 AND valid_to IS NULL; SELECT @@ROWCOUNT

-- register a credential
INSERT INTO [dbo].[x_badge] (source, kind, number, shown, employee_id, valid_from) VALUES (@P1, @P2, @P3, @P4, @P5, @P6); SELECT @@ROWCOUNT

-- holder of a badge
SELECT [pid] FROM [hr].[people of ours] WHERE [badge] = @P1

-- credentials over time
SELECT source, number, valid_from, valid_to FROM [dbo].[x_badge] WHERE employee_id = @P1 ORDER BY badge_id

-- holders by one source
SELECT employee_id, valid_from, valid_to FROM [dbo].[x_badge] WHERE number = @P1 AND source = @P2 ORDER BY valid_from DESC, badge_id DESC

-- holders by any source
SELECT employee_id, valid_from, valid_to FROM [dbo].[x_badge] WHERE number = @P1 ORDER BY valid_from DESC, badge_id DESC

-- credentials held now
SELECT badge_id, kind, shown, valid_from FROM [dbo].[x_badge] WHERE employee_id = @P1 AND source = @P2 AND valid_to IS NULL ORDER BY badge_id

-- policies
SELECT p.[terminal_policy_id], p.[description], p.[data], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'policy' AND internal_id = p.[terminal_policy_id] ORDER BY link_id) FROM [dbo].[tterminal_policy] p ORDER BY 1

-- terminals
SELECT t.[terminal_id], t.[number], t.[description], t.[configuration], t.[suspended], t.[ip_address], t.[notepad], t.[roll_call_enabled], t.[r1_direction], t.[r1_zone_id], t.[poll_success], b.role, b.direction, b.time_zone, b.take_from, (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'terminal' AND internal_id = t.[terminal_id] ORDER BY link_id) FROM [dbo].[clocks] t LEFT JOIN [dbo].[x_terminal] b ON b.terminal_id = t.[terminal_id] ORDER BY 2

-- one terminal
SELECT t.[terminal_id], t.[number], t.[description], t.[configuration], t.[suspended], t.[ip_address], t.[notepad], t.[roll_call_enabled], t.[r1_direction], t.[r1_zone_id], t.[poll_success], b.role, b.direction, b.time_zone, b.take_from, (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'terminal' AND internal_id = t.[terminal_id] ORDER BY link_id) FROM [dbo].[clocks] t LEFT JOIN [dbo].[x_terminal] b ON b.terminal_id = t.[terminal_id] WHERE t.[terminal_id] = @P2

-- a terminal is there
SELECT 1 FROM [dbo].[clocks] WHERE [terminal_id] = @P1

-- numbers in use
SELECT [number] FROM [dbo].[clocks] WITH (UPDLOCK, HOLDLOCK) WHERE [number] BETWEEN @P1 AND @P2 ORDER BY 1

-- settings of a terminal, again
UPDATE [dbo].[x_terminal] WITH (UPDLOCK, HOLDLOCK) SET role = @P1, direction = @P2, time_zone = @P3, take_from = @P4 WHERE terminal_id = @P5; SELECT @@ROWCOUNT

-- settings of a terminal, again, without a start
UPDATE [dbo].[x_terminal] WITH (UPDLOCK, HOLDLOCK) SET role = @P1, direction = @P2, time_zone = @P3, take_from = NULL WHERE terminal_id = @P4; SELECT @@ROWCOUNT

-- settings of a terminal
INSERT INTO [dbo].[x_terminal] (role, direction, time_zone, take_from, terminal_id) VALUES (@P1, @P2, @P3, @P4, @P5); SELECT @@ROWCOUNT

-- settings of a terminal, without a start
INSERT INTO [dbo].[x_terminal] (role, direction, time_zone, terminal_id) VALUES (@P1, @P2, @P3, @P4); SELECT @@ROWCOUNT

-- terminal groups
SELECT g.[terminal_group_ref_id], g.[description], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'terminal_group' AND internal_id = g.[terminal_group_ref_id] ORDER BY link_id) FROM [dbo].[tterminal_group_ref] g ORDER BY 1

-- an event booked before
SELECT target_table, target_id FROM [dbo].[x_event] WHERE source = @P1 AND external_event_id = @P2

-- receipt of an event
SELECT source, external_event_id, occurred_utc, occurred_local, utc_offset_min, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id FROM [dbo].[x_event] WHERE source = @P1 AND external_event_id = @P2

-- newest event of a person
SELECT TOP (1) source, external_event_id, occurred_utc, occurred_local, utc_offset_min, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id FROM [dbo].[x_event] WHERE employee_id = @P1 ORDER BY occurred_utc DESC

-- receipts of a span
SELECT source, external_event_id, occurred_utc, occurred_local, utc_offset_min, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id FROM [dbo].[x_event] WHERE occurred_utc >= @P1 AND occurred_utc < @P2 ORDER BY occurred_utc

-- last direction of a person
SELECT TOP (1) direction, occurred_utc, occurred_local FROM [dbo].[x_event] WHERE employee_id = @P1 AND occurred_utc <= @P2 AND direction <> 'U' AND outcome = 'booked' ORDER BY occurred_utc DESC

-- move a booking of the inlet
UPDATE [dbo].[twork_unprocessed] SET [employee_id] = @P1, [terminal_id] = @P2, [date_and_time] = @P3 WHERE NULL = @P4 AND [employee_id] = @P5 AND [terminal_id] = @P6 AND [date_and_time] = @P7; SELECT @@ROWCOUNT

-- supersede a receipt
UPDATE [dbo].[x_event] SET outcome = 'ignored', target_table = NULL, target_id = NULL WHERE source = @P1 AND external_event_id = @P2; SELECT @@ROWCOUNT

-- people Page
SELECT TOP (@P3) e.[pid], e.[employee_status_id], s.[exclude_from_calculation], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'employee' AND internal_id = e.[pid] ORDER BY link_id), e.[title], e.[first_name], e.[last_name], NULL, NULL, NULL, NULL, e.[email_address], NULL, e.[car_reg], e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [hr].[people of ours] e LEFT JOIN [dbo].[temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[pid] > @P2 ORDER BY e.[pid]

-- people ById
SELECT e.[pid], e.[employee_status_id], s.[exclude_from_calculation], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'employee' AND internal_id = e.[pid] ORDER BY link_id), e.[title], e.[first_name], e.[last_name], NULL, NULL, NULL, NULL, e.[email_address], NULL, e.[car_reg], e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [hr].[people of ours] e LEFT JOIN [dbo].[temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[pid] = @P2

-- people ByPaylink
SELECT e.[pid], e.[employee_status_id], s.[exclude_from_calculation], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'employee' AND internal_id = e.[pid] ORDER BY link_id), e.[title], e.[first_name], e.[last_name], NULL, NULL, NULL, NULL, e.[email_address], NULL, e.[car_reg], e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [hr].[people of ours] e LEFT JOIN [dbo].[temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[paylink] = CAST(@P2 AS varchar(30))

-- people ByBadge
SELECT e.[pid], e.[employee_status_id], s.[exclude_from_calculation], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'employee' AND internal_id = e.[pid] ORDER BY link_id), e.[title], e.[first_name], e.[last_name], NULL, NULL, NULL, NULL, e.[email_address], NULL, e.[car_reg], e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [hr].[people of ours] e LEFT JOIN [dbo].[temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[badge] = @P2

-- people ByEmail
SELECT e.[pid], e.[employee_status_id], s.[exclude_from_calculation], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'employee' AND internal_id = e.[pid] ORDER BY link_id), e.[title], e.[first_name], e.[last_name], NULL, NULL, NULL, NULL, e.[email_address], NULL, e.[car_reg], e.[badge], e.[badge_activation], e.[badge_expiry], e.[security_pin], e.[paylink], e.[date_started_with_company], e.[date_left_company], e.[terminal_policy_id], e.[grouping_1_ref_id], e.[grouping_2_ref_id], e.[grouping_3_ref_id], e.[grouping_4_ref_id], e.[grouping_5_ref_id], e.[grouping_6_ref_id], e.[grouping_7_ref_id], e.[grouping_8_ref_id], e.[grouping_9_ref_id], e.[grouping_10_ref_id] FROM [hr].[people of ours] e LEFT JOIN [dbo].[temployee_status] s ON s.[employee_status_id] = e.[employee_status_id] WHERE LOWER(e.[email_address]) = LOWER(@P2)

-- values of a grouping
SELECT g.[grouping_ref_id], g.[description], (SELECT TOP (1) external_id FROM [dbo].[x_link] WHERE source = @P1 AND entity = 'grouping' AND internal_id = g.[grouping_ref_id] ORDER BY link_id) FROM [dbo].[tgrouping_ref] g WHERE g.[grouping_number] = 1 ORDER BY 1

-- insert employee, all set
INSERT INTO [hr].[people of ours] ([employee_status_id], [title], [first_name], [last_name], [date_of_birth], [address], [post_code], [email_address], [mobile_number], [car_reg], [badge], [badge_activation], [badge_expiry], [security_pin], [paylink], [date_started_with_company], [date_left_company], [terminal_policy_id], [grouping_1_ref_id], [grouping_2_ref_id], [grouping_3_ref_id], [grouping_4_ref_id], [grouping_5_ref_id], [grouping_6_ref_id], [grouping_7_ref_id], [grouping_8_ref_id], [grouping_9_ref_id], [grouping_10_ref_id]) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12, @P13, @P14, @P15, @P16, @P17, @P18, @P19, @P20, @P21, @P22, @P23, @P24, @P25, @P26, @P27, @P28); SELECT CAST(SCOPE_IDENTITY() AS int)

-- update employee, all set
UPDATE [hr].[people of ours] SET [employee_status_id] = @P1, [title] = @P2, [first_name] = @P3, [last_name] = @P4, [date_of_birth] = @P5, [address] = @P6, [post_code] = @P7, [email_address] = @P8, [mobile_number] = @P9, [car_reg] = @P10, [badge] = @P11, [badge_activation] = @P12, [badge_expiry] = @P13, [security_pin] = @P14, [paylink] = @P15, [date_started_with_company] = @P16, [date_left_company] = @P17, [terminal_policy_id] = @P18, [grouping_1_ref_id] = @P19, [grouping_2_ref_id] = @P20, [grouping_3_ref_id] = @P21, [grouping_4_ref_id] = @P22, [grouping_5_ref_id] = @P23, [grouping_6_ref_id] = @P24, [grouping_7_ref_id] = @P25, [grouping_8_ref_id] = @P26, [grouping_9_ref_id] = @P27, [grouping_10_ref_id] = @P28 WHERE [pid] = @P29; SELECT @@ROWCOUNT

-- update employee, empty
UPDATE [hr].[people of ours] SET [title] = NULL, [date_of_birth] = NULL, [address] = NULL, [post_code] = NULL, [email_address] = NULL, [mobile_number] = NULL, [car_reg] = NULL, [badge] = NULL, [badge_activation] = NULL, [badge_expiry] = NULL, [security_pin] = NULL, [paylink] = NULL, [date_started_with_company] = NULL, [date_left_company] = NULL, [terminal_policy_id] = NULL, [grouping_1_ref_id] = NULL, [grouping_2_ref_id] = NULL, [grouping_3_ref_id] = NULL, [grouping_4_ref_id] = NULL, [grouping_5_ref_id] = NULL, [grouping_6_ref_id] = NULL, [grouping_7_ref_id] = NULL, [grouping_8_ref_id] = NULL, [grouping_9_ref_id] = NULL, [grouping_10_ref_id] = NULL WHERE [pid] = @P1; SELECT @@ROWCOUNT

-- insert terminal, all set
INSERT INTO [dbo].[clocks] ([number], [description], [configuration], [suspended], [ip_address], [notepad], [roll_call_enabled], [r1_direction], [r1_description], [r1_zone_id], [poll_success], [poll_failed]) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12); SELECT CAST(SCOPE_IDENTITY() AS int)

-- update terminal, all set
UPDATE [dbo].[clocks] SET [number] = @P1, [description] = @P2, [configuration] = @P3, [suspended] = @P4, [ip_address] = @P5, [notepad] = @P6, [roll_call_enabled] = @P7, [r1_direction] = @P8, [r1_description] = @P9, [r1_zone_id] = @P10, [poll_success] = @P11, [poll_failed] = @P12 WHERE [terminal_id] = @P13; SELECT @@ROWCOUNT

-- update terminal, empty
UPDATE [dbo].[clocks] SET [ip_address] = NULL, [notepad] = NULL, [roll_call_enabled] = NULL, [r1_direction] = NULL, [r1_description] = NULL, [r1_zone_id] = NULL, [poll_success] = NULL, [poll_failed] = NULL WHERE [terminal_id] = @P1; SELECT @@ROWCOUNT

-- twork of a span
SELECT [work_id] FROM [dbo].[twork] WHERE [date_and_time] >= @P1 AND [date_and_time] < @P2 AND [terminal_id] IN (SELECT terminal_id FROM [dbo].[x_terminal]) ORDER BY 1

-- book twork_unprocessed unless it stands
INSERT INTO [dbo].[twork_unprocessed] ([employee_id], [terminal_id], [date_and_time], [kind], [flag], [key], [authorisation_finalised], [source], [authorisation], [site]) SELECT @P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10 WHERE NOT EXISTS (SELECT 1 FROM [dbo].[twork_unprocessed] WITH (UPDLOCK, HOLDLOCK) WHERE [employee_id] = @P11 AND [terminal_id] = @P12 AND [date_and_time] = @P13 AND [kind] = @P14); SELECT CASE WHEN @@ROWCOUNT = 0 THEN NULL ELSE CAST(SCOPE_IDENTITY() AS int) END

-- book twork_unprocessed
INSERT INTO [dbo].[twork_unprocessed] ([employee_id], [terminal_id], [date_and_time], [kind], [flag], [key], [authorisation_finalised], [source], [authorisation], [site]) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10); SELECT CAST(SCOPE_IDENTITY() AS int)

-- same twork_unprocessed
SELECT TOP (1) 0 FROM [dbo].[twork_unprocessed] WHERE [employee_id] = @P1 AND [terminal_id] = @P2 AND [date_and_time] = @P3 AND [kind] = @P4 ORDER BY 1

-- twork_unprocessed of a span
SELECT 0 FROM [dbo].[twork_unprocessed] WHERE [date_and_time] >= @P1 AND [date_and_time] < @P2 AND [terminal_id] IN (SELECT terminal_id FROM [dbo].[x_terminal]) ORDER BY 1

-- access_archive of a span
SELECT [access_archive_id] FROM [dbo].[taccess_archive] WHERE [date_and_time] >= @P1 AND [date_and_time] < @P2 AND [terminal_id] IN (SELECT terminal_id FROM [dbo].[x_terminal]) ORDER BY 1

-- receipt of an event, all set
INSERT INTO [dbo].[x_event] (source, external_event_id, occurred_utc, occurred_local, utc_offset_min, received_utc, direction, event_class, outcome, employee_id, terminal_id, target_table, target_id) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12, @P13); SELECT @@ROWCOUNT

