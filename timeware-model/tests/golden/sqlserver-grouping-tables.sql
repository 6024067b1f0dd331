-- values of a grouping
SELECT g.[grouping_ref_id], g.[description], (SELECT TOP (1) external_id FROM [dbo].[bridge_link] WHERE source = @P1 AND entity = 'grouping' AND internal_id = g.[grouping_ref_id] ORDER BY link_id) FROM [dbo].[tgrouping_1_ref] g ORDER BY 1

-- new value of a grouping
INSERT INTO [dbo].[tgrouping_1_ref] ([description]) VALUES (@P1); SELECT CAST(SCOPE_IDENTITY() AS int)

-- rename a value of a grouping
UPDATE [dbo].[tgrouping_1_ref] SET [description] = @P1 WHERE [grouping_ref_id] = @P2; SELECT @@ROWCOUNT

-- text of a value
SELECT [description] FROM [dbo].[tgrouping_1_ref] WHERE [grouping_ref_id] = @P1

