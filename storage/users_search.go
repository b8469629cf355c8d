package storage

import (
	"context"
	"strings"

	"gatehouse"
)

// SearchUsers lists, by username, the people whose username or email holds the
// text, in any case; everybody if it is empty.
func (s *Store) SearchUsers(ctx context.Context, search string, offset, limit int) ([]gatehouse.User, error) {
	query := s.read(ctx).Order("username").Offset(offset).Limit(limit)
	if search != "" {
		literal := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(fold(search)) + "%"
		query = query.Where("username LIKE ? ESCAPE '!' OR email LIKE ? ESCAPE '!'", literal, literal)
	}
	var rows []userRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, s.fail("search users", err)
	}
	users := make([]gatehouse.User, len(rows))
	for i := range rows {
		users[i] = rows[i].user()
	}
	return users, nil
}
