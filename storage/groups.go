package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

type groupRow struct {
	ID          string
	Name        string
	NameKey     string
	Description string
	CreateAt    int64
	UpdateAt    int64
}

func (groupRow) TableName() string { return "groups" }

func newGroupRow(g gatehouse.Group) groupRow {
	return groupRow{
		ID: g.ID, Name: text(g.Name), NameKey: fold(g.Name), Description: text(g.Description),
		CreateAt: millis(g.CreateAt), UpdateAt: millis(g.UpdateAt),
	}
}

func (r *groupRow) group() gatehouse.Group {
	return gatehouse.Group{ID: r.ID, Name: r.Name, Description: r.Description, CreateAt: fromMillis(r.CreateAt), UpdateAt: fromMillis(r.UpdateAt)}
}

// CreateGroup adds a group without members. It returns ErrGroupNameTaken, which is also
// ErrConflict, if a group has this name in upper or lower case.
func (s *Store) CreateGroup(ctx context.Context, g gatehouse.Group) error {
	row := newGroupRow(g)
	return s.fail("create group", groupNameConflict(s.write(ctx).Create(&row).Error))
}

// groupNameConflict names the conflict that the database reported: the ids are random, so
// the name is taken.
func groupNameConflict(err error) error {
	if kindOf(err) != gatehouse.ErrConflict { //nolint:errorlint // kindOf returns the sentinel itself
		return err
	}
	return fmt.Errorf("%w: %w", gatehouse.ErrConflict, gatehouse.ErrGroupNameTaken)
}

// Group returns a group. It returns ErrNotFound if the group does not exist.
func (s *Store) Group(ctx context.Context, id string) (gatehouse.Group, error) {
	return s.groupWhere(ctx, "id = ?", text(id))
}

// GroupByName returns the group with this name, in upper or lower case. It returns
// ErrNotFound if no group has it.
func (s *Store) GroupByName(ctx context.Context, name string) (gatehouse.Group, error) {
	return s.groupWhere(ctx, "name_key = ?", fold(name))
}

func (s *Store) groupWhere(ctx context.Context, where, value string) (gatehouse.Group, error) {
	var row groupRow
	if err := s.read(ctx).Where(where, value).Take(&row).Error; err != nil {
		return gatehouse.Group{}, s.fail("get group", err)
	}
	return row.group(), nil
}

// Groups lists groups by name, without regard to case.
func (s *Store) Groups(ctx context.Context, q gatehouse.GroupQuery) ([]gatehouse.Group, error) {
	query := s.read(ctx).Order("name_key").Offset(q.Offset).Limit(q.Limit)
	if q.Search != "" {
		query = query.Where("name_key LIKE ? ESCAPE '!'", contains(q.Search))
	}
	if q.UserID != "" {
		query = query.Where("id IN (SELECT group_id FROM group_members WHERE user_id = ?)", text(q.UserID))
	}
	if q.AppID != "" {
		query = query.Where("id IN (SELECT group_id FROM app_groups WHERE app_id = ?)", text(q.AppID))
	}
	var rows []groupRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, s.fail("list groups", err)
	}
	groups := make([]gatehouse.Group, len(rows))
	for i := range rows {
		groups[i] = rows[i].group()
	}
	return groups, nil
}

// GroupSizes returns how much each of the groups is used. Groups that do not exist are not
// in the result.
func (s *Store) GroupSizes(ctx context.Context, groupIDs []string) (map[string]gatehouse.GroupSize, error) {
	sizes := make(map[string]gatehouse.GroupSize, len(groupIDs))
	if len(groupIDs) == 0 {
		return sizes, nil
	}
	var rows []struct {
		ID            string
		Members, Apps int64
	}
	err := s.read(ctx).Raw("SELECT g.id, (SELECT COUNT(*) FROM group_members m WHERE m.group_id = g.id) AS members, "+
		"(SELECT COUNT(*) FROM app_groups a WHERE a.group_id = g.id) AS apps FROM groups g WHERE g.id IN ?", groupIDs).Scan(&rows).Error
	if err != nil {
		return nil, s.fail("count group members", err)
	}
	for _, r := range rows {
		sizes[r.ID] = gatehouse.GroupSize{Members: r.Members, Apps: r.Apps}
	}
	return sizes, nil
}

// GroupNames returns the names of a user's groups, sorted by their bytes. The list is empty
// and not nil if the user is in no group.
func (s *Store) GroupNames(ctx context.Context, userID string) ([]string, error) {
	names := []string{}
	err := s.read(ctx).Raw("SELECT g.name FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = ?", text(userID)).Scan(&names).Error
	if err != nil {
		return nil, s.fail("list the groups of a user", err)
	}
	slices.Sort(names) // not in SQL: the engines sort differently
	return names, nil
}

// GroupMembers lists the members of a group, active or not, by username.
func (s *Store) GroupMembers(ctx context.Context, groupID string, offset, limit int) ([]gatehouse.User, error) {
	var rows []userRow
	err := s.read(ctx).Where("id IN (SELECT user_id FROM group_members WHERE group_id = ?)", text(groupID)).
		Order("username").Offset(offset).Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, s.fail("list group members", err)
	}
	return usersOf(rows), nil
}

// UpdateGroup lets change edit a group and stores the result, in one transaction that locks
// the group. If change returns an error, UpdateGroup returns that error itself and stores
// nothing. change must not call the Store. The id and CreateAt never change. UpdateGroup
// returns ErrNotFound, and ErrGroupNameTaken, which is also ErrConflict.
func (s *Store) UpdateGroup(ctx context.Context, id string, change func(*gatehouse.Group) error) (gatehouse.Group, error) {
	var row groupRow
	err := s.transact(ctx, func(tx *gorm.DB) error {
		var old groupRow
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", text(id)).Take(&old).Error; err != nil {
			return err
		}
		changed := old.group()
		if err := change(&changed); err != nil {
			return callerError{err}
		}
		row = newGroupRow(changed)
		row.ID, row.CreateAt = old.ID, old.CreateAt
		return affectedOne(tx.Model(&groupRow{}).Where("id = ?", old.ID).Select("*").Omit("id").UpdateColumns(&row))
	})
	if err != nil {
		return gatehouse.Group{}, s.fail("update group", groupNameConflict(err))
	}
	return row.group(), nil
}

// AddGroupMember adds a user to a group. It returns ErrConflict if the user is a member
// already, and ErrNotFound if the group or the user does not exist.
func (s *Store) AddGroupMember(ctx context.Context, groupID, userID string, now time.Time) error {
	return s.fail("add group member", s.write(ctx).Exec("INSERT INTO group_members (id, group_id, user_id, create_at) VALUES (?, ?, ?, ?)",
		gatehouse.NewID(), text(groupID), text(userID), millis(now)).Error)
}
